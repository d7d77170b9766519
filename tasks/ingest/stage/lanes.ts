/** DuckDB sessions that stage chunks side by side: one thread each, since rows are numbered in the order in which they are read. */
import { type Duck, openDuck, sqlString } from '../../../lake/duckdb.ts';
import { setVariables, sqlFile } from '../../sql-file.ts';
import type { ParseParams } from '../parse-params.ts';

const sql = sqlFile(new URL('./stage-rows.sql', import.meta.url));

/** More than two queries at once starve the process's own work. */
const LANES_MAX = 2;
/** A lane with less cannot hold the smallest chunk, bytes. */
const LANE_MEMORY_MIN = 64 << 20;

export interface LaneOptions {
  /** Of all lanes together, bytes. */
  readonly memoryLimitBytes: number;
  readonly threads: number;
  readonly scratchDir: string;
  readonly params: ParseParams;
  readonly signal: AbortSignal;
}

export interface Lanes {
  /**
   * Waits for a free lane and starts the job on it. Resolves when the job has started; `done` is its result.
   * The caller must wait for every `done`.
   * @param turn `next` goes before all who wait. @default 'last'
   */
  start<T>(job: (duck: Duck) => Promise<T>, turn?: 'next' | 'last'): Promise<{ readonly done: Promise<T> }>;
  close(): Promise<void>;
}

export function openLanes(options: LaneOptions): Lanes {
  const { memoryLimitBytes, threads } = options;
  const count = Math.max(1, Math.min(LANES_MAX, threads, Math.floor(memoryLimitBytes / LANE_MEMORY_MIN)));
  const ducks: (Promise<Duck> | undefined)[] = new Array(count).fill(undefined);
  const free = Array.from({ length: count }, (_, lane) => lane).reverse();
  const waiting: ((lane: number) => void)[] = [];
  const interrupt = () => {
    for (const duck of ducks)
      void duck?.then(
        ({ connection }) => connection.interrupt(),
        () => {},
      );
  };
  options.signal.addEventListener('abort', interrupt);

  async function run<T>(duck: Duck, job: (duck: Duck) => Promise<T>): Promise<T> {
    options.signal.throwIfAborted();
    try {
      return await job(duck);
    } catch (error) {
      // An interrupted query fails in its own words: why it was interrupted says more.
      options.signal.throwIfAborted();
      throw error;
    }
  }

  function release(lane: number): void {
    const next = waiting.shift();
    if (next === undefined) free.push(lane);
    else next(lane);
  }

  function nextFree(turn: 'next' | 'last'): Promise<number> {
    return new Promise((resolve) => (turn === 'next' ? waiting.unshift(resolve) : waiting.push(resolve)));
  }

  return {
    async start(job, turn = 'last') {
      const lane = free.pop() ?? (await nextFree(turn));
      // The first lane opens with the first job, the second only when both are needed: a small day needs one.
      ducks[lane] ??= openLane(options, count);
      const done = ducks[lane].then((duck) => run(duck, job));
      done.then(
        () => release(lane),
        () => release(lane),
      );
      return { done };
    },
    async close() {
      options.signal.removeEventListener('abort', interrupt);
      await Promise.allSettled(ducks.map(async (duck) => (await duck)?.close()));
    },
  };
}

async function openLane({ memoryLimitBytes, scratchDir, params }: LaneOptions, count: number): Promise<Duck> {
  const duck = await openDuck({
    memoryLimitBytes: memoryLimitBytes / count,
    threads: 1,
    tempDir: scratchDir,
  });
  try {
    // DuckDB takes a CSV for a few dozen rows, and would build its hash table of the rows instead of the list of files.
    await duck.run("SET disabled_optimizers = 'join_order,build_side_probe_side'");
    await duck.run(sql('macros'));
    await duck.run(`CREATE TEMP MACRO local_ms_of(instant_ms, wall_ms) AS ${localMsSql(params.report_tz)}`);
    await setVariables(duck, { max_future_ms: Math.round(params.max_future_s * 1000) });
    return duck;
  } catch (error) {
    await duck.close();
    throw error;
  }
}

/** The wall clock of the event, or that of the report zone at its instant. */
function localMsSql(reportTz: string): string {
  if (reportTz === 'event') return 'wall_ms';
  return `epoch_ms(timezone(${sqlString(reportTz)}, timezone('UTC', make_timestamp_ms(instant_ms))))`;
}

/** The view `judged_row` reads what the view `raw_row` is at the time of the query. */
export const judgedRowsSql = sql('judged rows');
