/** Puts on the disk what was written before a measurement: who makes its own files durable would wait for those of others, too. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Where there is no `sync`, nothing is done. */
export async function flushWrites(): Promise<void> {
  await promisify(execFile)('sync').catch(() => {});
}
