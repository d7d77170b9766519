/** Writing S3 objects in one request, conditionally, and knowing one's own write again. */
import { randomUUID } from 'node:crypto';
import {
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  type ServerSideEncryption,
} from '@aws-sdk/client-s3';
import type { WriteCondition } from './object-store.ts';
import {
  isNoSuchUpload,
  isNotFound,
  isPreconditionFailed,
  retryingConflicts,
  storeUnreachable,
} from './s3-errors.ts';
import { preconditionLost } from './store-errors.ts';

/** Names the write in the object's metadata, so that a write whose answer was lost is recognised as one's own. */
const WRITE_ID = 'flyerline-write';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
  gz: 'application/gzip',
  parquet: 'application/vnd.apache.parquet',
};

export interface S3Target {
  readonly client: S3Client;
  readonly bucket: string;
  readonly objectKey: string;
  readonly key: string;
  readonly storeUrl: string;
  readonly encryption: {
    readonly ServerSideEncryption?: ServerSideEncryption;
    readonly SSEKMSKeyId?: string;
  };
}

/** Returns the ETag. Throws FL_PRECONDITION when the condition does not hold, FL_STORE_UNREACHABLE otherwise. */
export async function putBuffer(
  target: S3Target,
  body: Uint8Array,
  condition: WriteCondition,
): Promise<string> {
  const writeId = randomUUID();
  const command = new PutObjectCommand({
    ...objectOf(target, writeId),
    Body: body,
    ContentLength: body.byteLength,
    ...conditionOf(condition),
  });
  try {
    const answer = await retryingConflicts(() => target.client.send(command));
    return answer.ETag ?? '';
  } catch (error) {
    return ownEtagOrThrow(target, writeId, condition, error);
  }
}

/**
 * A refused condition may be one's own doing: the write arrived, its answer was lost, and the SDK's retry met it.
 * The write id in the object's metadata tells. An upload that is gone was completed, or aborted by somebody else.
 */
export async function ownEtagOrThrow(
  target: S3Target,
  writeId: string,
  condition: WriteCondition,
  error: unknown,
): Promise<string> {
  const isConditional = condition.ifAbsent === true || condition.ifMatch !== undefined;
  // If-Match on an object that is not there is answered with 404.
  const isLost = isPreconditionFailed(error) || (condition.ifMatch !== undefined && isNotFound(error));
  if (isNoSuchUpload(error) || (isConditional && isLost)) {
    const { client, bucket, objectKey } = target;
    const existing = await client
      .send(new HeadObjectCommand({ Bucket: bucket, Key: objectKey }))
      .catch((headError: unknown) => {
        if (isNotFound(headError)) return undefined;
        throw storeUnreachable(target.storeUrl, `looking at "${target.key}"`, headError);
      });
    if (existing?.Metadata?.[WRITE_ID] === writeId) return existing.ETag ?? '';
    if (isLost) throw preconditionLost(target.storeUrl, target.key);
  }
  throw storeUnreachable(target.storeUrl, `writing "${target.key}"`, error);
}

/** What every write says of its object. */
export function objectOf(target: S3Target, writeId: string) {
  const type = CONTENT_TYPES[target.key.slice(target.key.lastIndexOf('.') + 1)];
  return {
    Bucket: target.bucket,
    Key: target.objectKey,
    Metadata: { [WRITE_ID]: writeId },
    ...(type === undefined ? {} : { ContentType: type }),
    ...target.encryption,
  };
}

export function conditionOf(condition: WriteCondition): { IfNoneMatch?: string; IfMatch?: string } {
  if (condition.ifAbsent) return { IfNoneMatch: '*' };
  return condition.ifMatch === undefined ? {} : { IfMatch: condition.ifMatch };
}
