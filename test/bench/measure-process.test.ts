/** What a benchmark says of a process: its time, its CPU time, its memory, with those of its children. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { measureProcess } from '../../bench/support/measure-process.ts';
import { isAlive } from '../../infra/is-alive.ts';

const TIMEOUT_MS = 20_000;
const MIB = 1024 ** 2;
const hasProc = process.platform === 'linux';

const node = (script: string) => [process.execPath, '-e', script];
/** Script of a process that starts another one with this script and waits for it. */
const parentOf = (script: string) =>
  `require('node:child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(script)}], { stdio: 'inherit' })`;
const burn = (ms: number) =>
  `const end = process.cpuUsage(); while (process.cpuUsage(end).user < ${ms * 1000});`;

describe('a measured process', () => {
  it('gives its output and its exit code', async () => {
    const script = 'console.log("out"); console.error("err"); process.exit(7)';
    const run = await measureProcess(node(script), { timeoutMs: TIMEOUT_MS });
    expect(run).toMatchObject({ stdout: 'out\n', stderr: 'err\n', exitCode: 7, isTimedOut: false });
  });

  it('counts CPU time and written bytes of its children', async () => {
    const child = `${burn(400)} require('node:fs').writeFileSync('/dev/null', Buffer.alloc(${3 * MIB}))`;
    const { figures } = await measureProcess(node(parentOf(child)), { timeoutMs: TIMEOUT_MS });
    expect(figures.cpuMs).toBeGreaterThan(390);
    expect(figures.cpuMs).toBeLessThan(3_000);
    if (hasProc) expect(figures.bytesWritten).toBeGreaterThan(3 * MIB);
  });

  it.runIf(hasProc)('gives the peak of the largest process, not the sum', async () => {
    const hold = 'const held = Buffer.alloc(200 * 1024 ** 2, 1); setTimeout(() => held, 300)';
    const both = `setTimeout(() => held, 0); const held = Buffer.alloc(150 * 1024 ** 2, 1); ${parentOf(hold)}`;
    const { figures } = await measureProcess(node(both), { timeoutMs: TIMEOUT_MS });
    expect(figures.peakRssBytes).toBeGreaterThan(200 * MIB);
    expect(figures.peakRssBytes).toBeLessThan(340 * MIB);
  });

  it('is killed with its children when time is up', async () => {
    const forever = 'console.log(process.pid); setInterval(() => {}, 1000)';
    const run = await measureProcess(node(parentOf(forever)), { timeoutMs: 1_500 });
    expect(run.isTimedOut).toBe(true);
    expect(run.exitCode).not.toBe(0);
    await expectGone(Number(run.stdout));
  });

  it('leaves nothing behind that it started and did not wait for', async () => {
    const orphan = `console.log(require('node:child_process').spawn('sleep', ['60']).pid); process.exit(0)`;
    const run = await measureProcess(node(orphan), { timeoutMs: TIMEOUT_MS });
    expect(run.exitCode).toBe(0);
    await expectGone(Number(run.stdout));
  });

  it('rejects, and is killed, when the caller gives up', async () => {
    const controller = new AbortController();
    const running = measureProcess(node('setInterval(() => {}, 1000)'), {
      timeoutMs: TIMEOUT_MS,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 200);
    await expect(running).rejects.toThrow(/abort/i);
  });
});

async function expectGone(pid: number): Promise<void> {
  expect(pid).toBeGreaterThan(1);
  for (let attempt = 0; attempt < 50 && isAlive(pid); attempt++) await sleep(20);
  expect(isAlive(pid)).toBe(false);
}
