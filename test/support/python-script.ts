/** Python scripts that end at once when they are done. */

/**
 * The script, then an exit without tear-down: the threads of Arrow and of delta-rs now and then abort the process while
 * the interpreter takes itself apart ("terminate called without an active exception"), long after all was read and printed.
 * An error of the script itself still ends it with its own exit code.
 */
export function endingAtOnce(script: string): string {
  return `${script}\nimport os, sys\nsys.stdout.flush()\nos._exit(0)\n`;
}
