/** Which processes count as alive. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { isAlive } from '../../infra/is-alive.ts';

it('is the one that runs, and no longer the one that has ended', async () => {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' });
  expect(isAlive(child.pid!)).toBe(true);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  expect(isAlive(child.pid!)).toBe(false);
});

it('is one of another user', () => {
  // Process 1 is that of root; root may signal it, others may not.
  expect(isAlive(1)).toBe(true);
});

it.skipIf(process.platform !== 'linux')('is none whose parent has not taken note of its end', async () => {
  // A shell that becomes `sleep` never asks after the child it had before.
  const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  for (let n = 0; n < 200 && isAlive(pid); n += 1) await sleep(20);
  expect(isAlive(pid)).toBe(false);
  expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z ');
});
