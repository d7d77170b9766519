/** The thread of `digestAside`: digests one Parquet file, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { digestParquet } from './parquet-digest.ts';

parentPort!.postMessage(await digestParquet(workerData as string));
