/** How long a small day takes, from the start of the process to exported: the real one of 20,723 events where it is there. */
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { realDay } from '../../test/support/shared-data.ts';
import { measureProcess } from '../support/measure-process.ts';
import { median } from '../support/statistics.ts';
import { prepareDataset } from './dataset.ts';
import { type NightlyCall, nightly } from './flyerline.ts';
import { failureOf } from './last-words.ts';
import type { SmallDayResult } from './result.ts';

const RUNS = 5;
const EVENTS = 20_000;
const TIMEOUT_MS = 60_000;

/** @param workDir empty; the caller removes it. */
export async function measureSmallDay(workDir: string, signal: AbortSignal): Promise<SmallDayResult> {
  const { drops, input } = await findDay(workDir, signal);
  try {
    return { input, state: 'ok', ...(await repeatRuns(drops, workDir, signal)) };
  } catch (error) {
    signal.throwIfAborted();
    return { input, state: 'failed', reason: (error as Error).message };
  }
}

async function repeatRuns(drops: string, workDir: string, signal: AbortSignal) {
  const emptyLakeMs: number[] = [];
  const warmLakeMs: number[] = [];
  const nothingToDoMs: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const lake = join(workDir, 'lake');
    const call = { day: '2018-10-01', drops, lake, scratch: join(workDir, 'scratch') };
    await rm(lake, { recursive: true, force: true });
    emptyLakeMs.push(await timeRun(call, workDir, signal));
    warmLakeMs.push(await timeRun({ ...call, force: true }, workDir, signal));
    nothingToDoMs.push(await timeRun(call, workDir, signal));
  }
  return {
    runs: RUNS,
    emptyLakeMs: median(emptyLakeMs),
    warmLakeMs: median(warmLakeMs),
    nothingToDoMs: median(nothingToDoMs),
  };
}

async function findDay(workDir: string, signal: AbortSignal): Promise<{ drops: string; input: string }> {
  if (realDay.missing === undefined) {
    const drops = join(workDir, 'drops');
    await mkdir(drops, { recursive: true });
    await copyFile(realDay.path, join(drops, basename(realDay.path)));
    return { drops, input: 'the real day' };
  }
  const { drops } = await prepareDataset(EVENTS, 'csv', { onProgress: () => {}, signal });
  return { drops, input: 'a small generated day' };
}

async function timeRun(call: NightlyCall, cwd: string, signal: AbortSignal): Promise<number> {
  const { args, env } = nightly(call);
  const run = await measureProcess(args, { cwd, env, timeoutMs: TIMEOUT_MS, signal });
  if (run.exitCode === 0) return run.figures.wallMs;
  throw new Error(failureOf(run));
}
