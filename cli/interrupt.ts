/** Ctrl-C and SIGTERM as an AbortSignal: the first asks to end, the second ends at once. */
import { EXIT } from './exit-code.ts';

/**
 * A signal that aborts with the first SIGINT or SIGTERM. From then on the command has to come to an end by itself;
 * a second signal ends the process with exit code 130.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return controller.signal;
}
