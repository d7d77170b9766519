/** One dataset and its contenders: runs them, keeps their figures, compares what they found. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatDuration } from '../../cli/terminal.ts';
import { flushWrites } from '../support/flush-writes.ts';
import { measureProcess, type ProcessFigures } from '../support/measure-process.ts';
import { median } from '../support/statistics.ts';
import { compareFacts, type FactDifference, type FactTotals, totalFacts } from './compare-facts.ts';
import type { Contender } from './contenders.ts';
import type { Dataset } from './dataset.ts';
import { failureOf, stagesOf } from './last-words.ts';
import type { ContenderResult } from './result.ts';

export interface RaceOptions {
  /** Outputs and scratch files go below it. */
  readonly workDir: string;
  readonly threads: number;
  readonly signal: AbortSignal;
}

/** Far above any run that goes well. */
const TIMEOUT_MS = 2 * 3_600_000;

interface Lane {
  state: ContenderResult['state'];
  reason: string | undefined;
  readonly runs: ProcessFigures[];
  stages: Readonly<Record<string, number>> | undefined;
  facts: FactTotals | undefined;
  difference: FactDifference | undefined;
}

export class Race {
  readonly #dataset: Dataset;
  readonly #contenders: readonly Contender[];
  readonly #options: RaceOptions;
  readonly #lanes: ReadonlyMap<string, Lane>;
  /** Result files of the first contender that succeeded; they stay until the end. */
  #reference: { readonly name: string; readonly facts: string } | undefined;

  constructor(
    dataset: Dataset,
    contenders: readonly Contender[],
    missing: ReadonlyMap<string, string>,
    options: RaceOptions,
  ) {
    this.#dataset = dataset;
    this.#contenders = contenders;
    this.#options = options;
    this.#lanes = new Map(
      contenders.map(({ name, eventsMax }) => {
        const isTooLarge =
          dataset.events > eventsMax ? `at most ${eventsMax / 1_000_000} M events` : undefined;
        return [name, newLane(missing.get(name) ?? isTooLarge)];
      }),
    );
  }

  /** A contender that has failed is not started again. `output` holds the result files of this run. */
  async run(
    contender: Contender,
  ): Promise<{ state: ContenderResult['state']; note: string; output: string | undefined }> {
    const lane = this.#lanes.get(contender.name)!;
    if (lane.state !== 'ok') return { state: lane.state, note: lane.reason ?? '', output: undefined };
    const folder = join(this.#options.workDir, contender.name.replaceAll(' ', '-'));
    const [output, scratch] = [join(folder, 'out'), join(folder, 'scratch')];
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    await mkdir(output, { recursive: true });
    await mkdir(scratch, { recursive: true });

    const { drops, format, day } = this.#dataset;
    const { threads, signal } = this.#options;
    const { args, env = process.env } = contender.command({
      drops,
      format,
      day,
      out: output,
      scratch,
      threads,
    });
    await flushWrites();
    const done = await measureProcess(args, { cwd: scratch, env, timeoutMs: TIMEOUT_MS, signal });
    if (done.exitCode !== 0) {
      lane.state = 'failed';
      lane.reason = failureOf(done);
      return { state: lane.state, note: lane.reason, output: undefined };
    }
    lane.runs.push(done.figures);
    lane.stages = stagesOf(done) ?? lane.stages;
    await rm(scratch, { recursive: true, force: true });
    if (lane.facts === undefined) await this.#compare(contender, lane, join(output, contender.facts), folder);
    return { state: lane.state, note: lane.reason ?? formatDuration(done.figures.wallMs), output };
  }

  results(): ContenderResult[] {
    const base = this.#lanes.get(this.#contenders[0]?.name ?? '');
    const baseMs = base === undefined || base.runs.length === 0 ? undefined : medianFigures(base.runs).wallMs;
    return this.#contenders.map(({ name, note }) => {
      const { reason, stages, facts, difference, state, runs } = this.#lanes.get(name)!;
      const figures = runs.length === 0 ? undefined : medianFigures(runs);
      return {
        name,
        note,
        state,
        runs,
        ...(reason === undefined ? {} : { reason }),
        ...(figures === undefined
          ? {}
          : { figures, eventsPerSecond: (this.#dataset.rowCount / figures.wallMs) * 1000 }),
        ...(figures === undefined || baseMs === undefined ? {} : { wallRatio: figures.wallMs / baseMs }),
        ...(stages === undefined ? {} : { stages }),
        ...(facts === undefined ? {} : { facts }),
        ...(difference === undefined ? {} : { difference }),
      };
    });
  }

  async #compare(contender: Contender, lane: Lane, facts: string, scratch: string): Promise<void> {
    lane.facts = await totalFacts(facts, scratch);
    if (this.#reference === undefined) {
      this.#reference = { name: contender.name, facts };
      return;
    }
    lane.difference = await compareFacts(this.#reference.facts, facts, scratch);
    if (lane.difference === undefined) return;
    const { missing, unexpected } = lane.difference;
    lane.state = 'different';
    lane.reason = `${missing} rows of ${this.#reference.name} are missing, ${unexpected} are unexpected`;
  }
}

function newLane(notRun: string | undefined): Lane {
  return {
    state: notRun === undefined ? 'ok' : 'not run',
    reason: notRun,
    runs: [],
    stages: undefined,
    facts: undefined,
    difference: undefined,
  };
}

function medianFigures(runs: readonly ProcessFigures[]): ProcessFigures {
  const of = (name: 'peakRssBytes' | 'bytesWritten') => {
    const values = runs.flatMap((run) => run[name] ?? []);
    return values.length === 0 ? undefined : median(values);
  };
  return {
    wallMs: median(runs.map((run) => run.wallMs)),
    cpuMs: median(runs.map((run) => run.cpuMs)),
    peakRssBytes: of('peakRssBytes'),
    bytesWritten: of('bytesWritten'),
  };
}
