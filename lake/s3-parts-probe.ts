/** Proves that a server keeps the conditions of uploads in parts; some keep them for single puts only. */
import { randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { FlyerlineError } from '../infra/errors.ts';
import type { WriteCondition } from './object-store.ts';
import { isPreconditionFailed } from './s3-errors.ts';
import { conditionOf } from './s3-write.ts';

/** An upload may consist of one part of any size, so this costs a dozen small requests. Throws FL_STORE_UNFIT. */
export async function probeParts(
  client: S3Client,
  bucket: string,
  prefix: string,
  storeUrl: string,
): Promise<void> {
  const object = { Bucket: bucket, Key: `${prefix}ctl/.probe/${randomUUID()}` };
  try {
    await client.send(new PutObjectCommand({ ...object, Body: 'there' }));
    const created = await isRefused(client, object, { ifAbsent: true });
    const replaced = await isRefused(client, object, { ifMatch: '"0123456789abcdef0123456789abcdef"' });
    if (created && replaced) return;
    throw new FlyerlineError('FL_STORE_UNFIT', {
      subject: `Object store ${storeUrl}`,
      reason: `does not keep the ${created ? 'If-Match' : 'If-None-Match'} condition of uploads in parts`,
      remedy:
        'files above 8 MB cannot be published safely on it; use Amazon S3, a current versitygw, or a local directory',
      retryable: false,
    });
  } finally {
    await client.send(new DeleteObjectCommand(object)).catch(() => undefined);
  }
}

/** Whether the completion of an upload is refused by a condition that does not hold. */
async function isRefused(
  client: S3Client,
  object: { readonly Bucket: string; readonly Key: string },
  condition: WriteCondition,
): Promise<boolean> {
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({ ...object, ChecksumAlgorithm: 'CRC32' }),
  );
  const upload = { ...object, UploadId };
  const { ETag, ChecksumCRC32 } = await client.send(
    new UploadPartCommand({ ...upload, PartNumber: 1, Body: Buffer.from('part'), ContentLength: 4 }),
  );
  const part = { PartNumber: 1, ETag, ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }) };
  try {
    await client.send(
      new CompleteMultipartUploadCommand({
        ...upload,
        MultipartUpload: { Parts: [part] },
        ...conditionOf(condition),
      }),
    );
    return false;
  } catch (error) {
    if (!isPreconditionFailed(error)) throw error;
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    return true;
  }
}
