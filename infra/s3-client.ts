/** The S3 client: bounded in time, retrying with backoff, and strict about checksums where the server is. */
import { S3Client } from '@aws-sdk/client-s3';

export interface S3Options {
  /** Of an S3-compatible server; AWS itself when absent and `AWS_ENDPOINT_URL` is not set. */
  readonly endpoint?: string | undefined;
  /** @default 'us-east-1' */
  readonly region?: string | undefined;
  /** `http://host/bucket/key` instead of `http://bucket.host/key`. @default true with an endpoint, else false */
  readonly forcePathStyle?: boolean | undefined;
  /** Longest time to the first byte of an answer, and longest silence within one. @default 30_000 */
  readonly requestTimeoutMs?: number | undefined;
  /** @default 5_000 */
  readonly connectionTimeoutMs?: number | undefined;
  /** Attempts per request, the first included. @default 6 */
  readonly attemptsMax?: number | undefined;
  /** Server-side encryption asked for with every write; the bucket's own default when absent. */
  readonly serverSideEncryption?: 'AES256' | 'aws:kms' | undefined;
  /** Key for `aws:kms`; the account's S3 key when absent. */
  readonly kmsKeyId?: string | undefined;
}

export const S3_REQUEST_TIMEOUT_MS = 30_000;
const SOCKETS_MAX = 64;

/** Credentials come from the SDK's usual chain (environment, profile, instance role); they are never logged. */
export function createS3Client(options: S3Options = {}): S3Client {
  const endpoint = options.endpoint ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  return new S3Client({
    region: options.region ?? 'us-east-1',
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: options.forcePathStyle ?? endpoint !== undefined,
    maxAttempts: options.attemptsMax ?? 6,
    // Asked for per request: a ranged answer of some servers carries the checksum of the whole object.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: options.connectionTimeoutMs ?? 5_000,
      requestTimeout: options.requestTimeoutMs ?? S3_REQUEST_TIMEOUT_MS,
      // Without it the SDK only warns, and waits on.
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
    },
  });
}
