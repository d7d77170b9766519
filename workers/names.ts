/** Names of processes and tokens of attempts. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** Host, process id, and a tail for several in one process: people find a process by it. */
export function processName(): string {
  return `${hostname().slice(0, 40)}-${process.pid}-${randomBytes(2).toString('hex')}`;
}

/** Draws tokens that nobody else draws. They fence, they are no secret: a random stem for the process, then a count. */
export function tokenSource(): () => string {
  const stem = randomBytes(6).toString('base64url');
  let drawn = 0;
  return () => {
    drawn += 1;
    return `${stem}${drawn.toString(36)}`;
  };
}
