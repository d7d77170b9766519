/** Writing large S3 objects in parts, the completion of which carries the condition. */
import { randomUUID } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { WriteCondition } from './object-store.ts';
import { httpStatus, isNoSuchUpload } from './s3-errors.ts';
import { conditionOf, objectOf, ownEtagOrThrow, type S3Target } from './s3-write.ts';

/** Bodies up to this size go in one request, from memory: the SDK can repeat a buffer, never a stream. */
export const SINGLE_PUT_MAX = 8 * 1024 * 1024;
const PARTS_MAX = 10_000;
const PARTS_AT_ONCE = 4;
const UPLOADS_MAX = 4;

/** In parts, the last of which completes the object under the condition. No part outlives a failure. */
export async function putInParts(
  target: S3Target,
  path: string,
  size: number,
  condition: WriteCondition,
): Promise<string> {
  const file = await open(path, 'r');
  try {
    for (let uploads = 1; ; uploads += 1) {
      const etag = await uploadOnce(target, file, size, condition, uploads < UPLOADS_MAX);
      if (etag !== undefined) return etag;
    }
  } finally {
    await file.close();
  }
}

/** Undefined: the server met a conflict (409) that only a new upload resolves, and `mayRepeat`. */
async function uploadOnce(
  target: S3Target,
  file: FileHandle,
  size: number,
  condition: WriteCondition,
  mayRepeat: boolean,
): Promise<string | undefined> {
  const { client, bucket, objectKey } = target;
  const writeId = randomUUID();
  const upload = { Bucket: bucket, Key: objectKey, UploadId: '' };
  try {
    const created = await client.send(
      // Of the whole object, so that whoever reads it can compare; by default it is one of the parts' checksums.
      new CreateMultipartUploadCommand({
        ...objectOf(target, writeId),
        ChecksumAlgorithm: 'CRC32',
        ChecksumType: 'FULL_OBJECT',
      }),
    );
    upload.UploadId = created.UploadId!;
    const Parts = await sendParts(client, upload, file, size);
    const answer = await client.send(
      new CompleteMultipartUploadCommand({
        ...upload,
        MultipartUpload: { Parts },
        ...conditionOf(condition),
      }),
    );
    return answer.ETag ?? '';
  } catch (error) {
    // Parts of an upload that is not completed are stored, paid for, and listed nowhere.
    if (upload.UploadId !== '' && !isNoSuchUpload(error)) {
      await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    }
    if (httpStatus(error) === 409 && mayRepeat) return undefined;
    return ownEtagOrThrow(target, writeId, condition, error);
  }
}

async function sendParts(
  client: S3Client,
  upload: { Bucket: string; Key: string; UploadId: string },
  file: FileHandle,
  size: number,
): Promise<CompletedPart[]> {
  const partSize = Math.max(SINGLE_PUT_MAX, Math.ceil(size / PARTS_MAX));
  const count = Math.max(1, Math.ceil(size / partSize));
  const parts: CompletedPart[] = [];
  let next = 0;
  const sendSome = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      const body = Buffer.allocUnsafe(Math.min(partSize, size - index * partSize));
      await readFully(file, body, index * partSize);
      const PartNumber = index + 1;
      const answer = await client.send(
        new UploadPartCommand({ ...upload, PartNumber, Body: body, ContentLength: body.length }),
      );
      const { ETag, ChecksumCRC32 } = answer;
      parts[index] = { PartNumber, ETag, ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }) };
    }
  };
  // All are awaited even when one fails, so that no part arrives after the abort.
  const ends = await Promise.allSettled(Array.from({ length: Math.min(PARTS_AT_ONCE, count) }, sendSome));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return parts;
}

async function readFully(file: FileHandle, into: Buffer, position: number): Promise<void> {
  for (let filled = 0; filled < into.length; ) {
    const { bytesRead } = await file.read(into, filled, into.length - filled, position + filled);
    if (bytesRead === 0) throw new Error('the file became shorter while it was uploaded');
    filled += bytesRead;
  }
}

/** Of writers that died: their parts are stored and paid for until somebody aborts them. How many there were. */
export async function abortUploads(
  client: S3Client,
  bucket: string,
  prefix: string,
  beforeMs: number,
  dryRun: boolean,
): Promise<number> {
  let aborted = 0;
  let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  while (marker !== undefined) {
    const page: ListMultipartUploadsCommandOutput = await client.send(
      new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...marker }),
    );
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if ((Initiated?.getTime() ?? beforeMs) >= beforeMs) continue;
      if (!dryRun) await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
      aborted += 1;
    }
    marker =
      page.IsTruncated && page.NextKeyMarker !== undefined
        ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker ?? '' }
        : undefined;
  }
  return aborted;
}
