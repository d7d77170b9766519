/** Proves that a server keeps the conditions of uploads in parts; some keep them for single puts only. */
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
import { isPreconditionFailed, retryingConflicts } from './s3-errors.ts';
import { conditionOf, type S3Target } from './s3-write.ts';

type Probed = Readonly<S3Target['encryption'] & Record<'Bucket' | 'Key', string>>;

/**
 * An upload may consist of one part of any size, so this costs a dozen small requests. Throws FL_STORE_UNFIT.
 * @param target names the bucket and a key that is free; encryption as with every write, since policies may demand it
 */
export async function probeParts({
  client,
  bucket,
  objectKey,
  storeUrl,
  encryption,
}: S3Target): Promise<void> {
  const object: Probed = { Bucket: bucket, Key: objectKey, ...encryption };
  try {
    await client.send(new PutObjectCommand({ ...object, Body: 'there' }));
    // A conflict spoils the upload: each try is a new one.
    const created = await retryingConflicts(() => isRefused(client, object, { ifAbsent: true }));
    const other = { ifMatch: '"0123456789abcdef0123456789abcdef"' };
    const replaced = await retryingConflicts(() => isRefused(client, object, other));
    if (created && replaced) return;
    throw new FlyerlineError('FL_STORE_UNFIT', {
      subject: `Object store ${storeUrl}`,
      reason: `does not keep the ${created ? 'If-Match' : 'If-None-Match'} condition of uploads in parts`,
      remedy:
        'files above 8 MB cannot be published safely on it; use Amazon S3, a current versitygw, or a local directory',
      retryable: false,
    });
  } finally {
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: objectKey })).catch(() => undefined);
  }
}

/** Whether the completion of an upload is refused by a condition that does not hold. */
async function isRefused(client: S3Client, object: Probed, condition: WriteCondition): Promise<boolean> {
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({
      ...object,
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'FULL_OBJECT',
    }),
  );
  const upload = { Bucket: object.Bucket, Key: object.Key, UploadId };
  try {
    await complete(client, upload, condition);
    return false;
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    if (isPreconditionFailed(error)) return true;
    throw error;
  }
}

async function complete(
  client: S3Client,
  upload: { readonly Bucket: string; readonly Key: string; readonly UploadId: string | undefined },
  condition: WriteCondition,
): Promise<void> {
  const { ETag, ChecksumCRC32 } = await client.send(
    new UploadPartCommand({ ...upload, PartNumber: 1, Body: Buffer.from('part'), ContentLength: 4 }),
  );
  const part = { PartNumber: 1, ETag, ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }) };
  await client.send(
    new CompleteMultipartUploadCommand({
      ...upload,
      MultipartUpload: { Parts: [part] },
      ...conditionOf(condition),
    }),
  );
}
