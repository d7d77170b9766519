/** What an S3 server's refusal means, and what may be told of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FlyerlineError, isFlyerlineError } from '../infra/errors.ts';

const CONFLICTS_MAX = 12;
const CONFLICT_PAUSE_MS = 50;
const CONFLICT_PAUSE_MAX_MS = 2_000;

export function httpStatus(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode;
}

export const isNotFound = (error: unknown): boolean => httpStatus(error) === 404 && !isNoSuchBucket(error);

export const isPreconditionFailed = (error: unknown): boolean => httpStatus(error) === 412;

/** The upload was completed before (its answer was lost), or aborted by a lifecycle rule. */
export const isNoSuchUpload = (error: unknown): boolean => nameOf(error) === 'NoSuchUpload';

/** S3 says 409 when two conditional writes of a key overlap and it did not decide; the SDK does not retry it. */
export async function retryingConflicts<T>(send: () => Promise<T>): Promise<T> {
  for (let conflicts = 1; ; conflicts += 1) {
    try {
      return await send();
    } catch (error) {
      if (httpStatus(error) !== 409 || conflicts >= CONFLICTS_MAX) throw error;
      const pauseMs = Math.min(CONFLICT_PAUSE_MAX_MS, CONFLICT_PAUSE_MS * 2 ** (conflicts - 1));
      await sleep(pauseMs * (0.5 + Math.random() / 2));
    }
  }
}

/**
 * Whatever is left after retries, as an error a user can act on. The SDK's error object is not kept: a signature error
 * carries the access key id and the signed text.
 */
export function storeUnreachable(storeUrl: string, what: string, error: unknown): FlyerlineError {
  if (isFlyerlineError(error)) return error;
  const status = httpStatus(error);
  const message = error instanceof Error ? error.message : String(error);
  const isFinal =
    status === 401 || status === 403 || isNoSuchBucket(error) || nameOf(error).startsWith('Credentials');
  return new FlyerlineError('FL_STORE_UNREACHABLE', {
    subject: `${storeUrl}: ${what}`,
    reason: `failed with ${nameOf(error)}${status === undefined ? '' : ` (HTTP ${status})`}: ${oneLine(message)}`,
    remedy: isNoSuchBucket(error)
      ? 'create the bucket, or correct its name'
      : isFinal
        ? 'give credentials that may do this (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role)'
        : 'check the endpoint and the network, then try again',
    cause: new Error(`${nameOf(error)}: ${oneLine(message)}`),
    retryable: !isFinal,
  });
}

function isNoSuchBucket(error: unknown): boolean {
  return nameOf(error) === 'NoSuchBucket';
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'an error';
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 300);
