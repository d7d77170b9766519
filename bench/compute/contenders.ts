/** Who takes part: Flyerline, and the peers it is compared with; each is a child process of its own. */
import { join } from 'node:path';
import { findExecutable } from '../../infra/find-executable.ts';
import { BENCH_PYTHON, ensurePythonEnv } from '../support/python-env.ts';
import { flyerline } from './flyerline.ts';
import type { ComputeOptions, PeerName } from './options.ts';
import { completeJob, type PeerJobInput } from './peers/job.ts';

export interface Contender {
  readonly name: string;
  /** What it is, in a few words. */
  readonly note: string;
  /** Larger days would exceed the memory of an ordinary machine, or an hour. */
  readonly eventsMax: number;
  /** Undefined when it can run here, else the reason why not. May install what it needs. */
  readonly findMissing: (onInstall: () => void) => Promise<string | undefined>;
  readonly command: (job: PeerJobInput) => {
    readonly args: readonly string[];
    readonly env?: NodeJS.ProcessEnv;
  };
  /** The files of `user_flyer_day` below `job.out`; a glob. */
  readonly facts: string;
}

/** Flyerline first, once for each memory limit. */
export function contendersOf({ peers, memoryLimits }: ComputeOptions): Contender[] {
  return [...memoryLimits.map(flyerline), ...peers.map((name) => PEER_CONTENDERS[name])];
}

const PEERS_DIR = join(import.meta.dirname, 'peers');
const PARQUET = 'user_flyer_day/*.parquet';

const PEER_CONTENDERS: Readonly<Record<PeerName, Contender>> = {
  duckdb: {
    name: 'duckdb',
    note: 'bare script, bucketed, 1 GB',
    eventsMax: Number.POSITIVE_INFINITY,
    findMissing: async () => undefined,
    command: nodePeer('duckdb.ts', ['bucketed']),
    facts: PARQUET,
  },
  'duckdb-whole': {
    name: 'duckdb-whole',
    note: 'bare script, all users at once, any memory',
    eventsMax: 20_000_000,
    findMissing: async () => undefined,
    command: nodePeer('duckdb.ts', ['whole']),
    facts: PARQUET,
  },
  node: {
    name: 'node',
    note: 'csv-parse, objects, a Map, parquetjs-lite',
    eventsMax: 10_000_000,
    findMissing: async () => undefined,
    command: nodePeer('plain-node.ts', [], ['--max-old-space-size=16384']),
    facts: PARQUET,
  },
  'node-csv': {
    name: 'node-csv',
    note: 'the same, without Parquet',
    eventsMax: 10_000_000,
    findMissing: async () => undefined,
    command: nodePeer('plain-node.ts', ['csv'], ['--max-old-space-size=16384']),
    facts: 'user_flyer_day/*.csv',
  },
  polars: {
    name: 'polars',
    note: 'Python, in memory',
    eventsMax: 10_000_000,
    findMissing: findMissingPython,
    command: pythonPeer('polars_day'),
    facts: PARQUET,
  },
  pyspark: {
    name: 'pyspark',
    note: 'local[2], 6 GB driver',
    eventsMax: 10_000_000,
    findMissing: async (onInstall) => (await findMissingJava()) ?? (await findMissingPython(onInstall)),
    command: pythonPeer('spark_day'),
    facts: PARQUET,
  },
};

function nodePeer(
  file: string,
  args: readonly string[],
  flags: readonly string[] = [],
): Contender['command'] {
  return (job) => ({
    args: [process.execPath, ...flags, join(PEERS_DIR, file), JSON.stringify(job), ...args],
  });
}

function pythonPeer(module: string): Contender['command'] {
  return (job) => ({
    args: [BENCH_PYTHON, '-m', module, JSON.stringify(completeJob(job))],
    env: { ...process.env, PYTHONPATH: PEERS_DIR, PYTHONDONTWRITEBYTECODE: '1' },
  });
}

async function findMissingPython(onInstall: () => void): Promise<string | undefined> {
  return ensurePythonEnv('bench', join(PEERS_DIR, 'requirements.txt'), onInstall);
}

async function findMissingJava(): Promise<string | undefined> {
  return (await findExecutable('java')) === undefined ? 'Java is not installed' : undefined;
}
