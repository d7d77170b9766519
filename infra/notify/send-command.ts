/** Command: a program of the operator's own, given the message as JSON on stdin; no shell in between. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ChannelOf } from '../config-notify.ts';
import type { SendOptions } from './channel.ts';
import type { Message } from './message.ts';
import { notTaken, reasonOf } from './not-taken.ts';

const STDERR_LENGTH_MAX = 300;
/** What a program needs to find its way; the rest of our environment, credentials included, is none of its business. */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

/** Throws FL_NOTIFY_FAILED when it cannot start, exits with another code than 0, or takes too long: then it is killed. */
export async function sendCommand(
  { command: [program = '', ...args], timeoutMs }: ChannelOf<'command'>,
  message: Message,
  { name, env = process.env, signal }: SendOptions,
): Promise<void> {
  const receiver = `Command of "${name}"`;
  const child = spawn(program, args, {
    env: Object.fromEntries(PASSED_ON.flatMap((key) => (env[key] === undefined ? [] : [[key, env[key]]]))),
    stdio: ['pipe', 'ignore', 'pipe'],
    // A group of its own, so that what it has started goes with it.
    detached: true,
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_LENGTH_MAX);
  });
  // It may exit without reading: that is its choice.
  child.stdin.on('error', () => {});
  child.stdin.end(`${JSON.stringify(message)}\n`);
  const killGroup = () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  };
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup();
  }, timeoutMs);
  signal?.addEventListener('abort', killGroup, { once: true });
  try {
    // Not "close": something that it left in the background may hold its stderr open.
    const [code] = (await once(child, 'exit')) as [number | null];
    if (late) throw notTaken(receiver, `still running after ${timeoutMs} ms, killed`, true);
    if (code !== 0)
      throw notTaken(receiver, `exit code ${code ?? 'none'}${stderr && `: ${stderr.trim()}`}`, true);
  } catch (error) {
    throw child.pid === undefined ? notTaken(receiver, reasonOf(error), true, error) : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', killGroup);
    child.stderr.destroy();
  }
}
