/** Peer: a bare DuckDB script, `bucketed` (memory bounded) or `whole` (all users at once). */
import { FORMS, runDuckdb } from './duckdb/run-duckdb.ts';
import { printReport, readJob } from './job.ts';

const form = process.argv[3] ?? 'bucketed';
if (form !== 'bucketed' && form !== 'whole') throw new Error(`"${form}" is none of ${Object.keys(FORMS)}`);
printReport(await runDuckdb(readJob(), form));
