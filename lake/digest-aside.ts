/** Digests large Parquet files in a thread of their own: on the main one, whatever else is exported would wait for it. */
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { inTurn } from '../infra/in-turn.ts';
import { digestParquet, type FileDigest } from './parquet-digest.ts';

/** Bytes. A smaller file is digested before a thread has started. */
const LARGE_FILE_BYTES = 16 << 20;

/** As `digestParquet`. @param asideBytes size from which on a file gets a thread */
export async function digestAside(path: string, asideBytes = LARGE_FILE_BYTES): Promise<FileDigest> {
  if ((await stat(path)).size < asideBytes) return digestParquet(path);
  return inThread(path);
}

/** One file after the other: each thread has a heap of its own. */
const inThread = inTurn(async (path: string): Promise<FileDigest> => {
  const worker = new Worker(new URL('./digest-worker.ts', import.meta.url), { workerData: path });
  try {
    // An error in the thread is thrown here.
    const [digest] = await once(worker, 'message');
    return digest as FileDigest;
  } finally {
    await worker.terminate();
  }
});
