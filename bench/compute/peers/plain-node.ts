/** Peer: plain Node, with csv-parse, objects and a Map; `csv` writes no Parquet. */
import { printReport, readJob } from './job.ts';
import { runPlainNode } from './node/run-plain-node.ts';

printReport(await runPlainNode(readJob(), { parquet: process.argv[3] !== 'csv' }));
