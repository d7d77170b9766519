/** One HTTP POST of JSON to a receiver of notifications. */
import { notTaken, reasonOf } from './not-taken.ts';

export interface PostOptions {
  /** How errors name the receiver; a URL may be a secret. */
  readonly receiver: string;
  readonly url: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Resolves when the receiver has answered 2xx. Throws FL_NOTIFY_FAILED; retryable unless the receiver has refused the message
 * for good: 4xx but 408, 425 and 429, or a redirect, which is not followed (the body and its signature are for this receiver).
 */
export async function postJson({
  receiver,
  url,
  body,
  headers,
  timeoutMs,
  signal,
}: PostOptions): Promise<void> {
  const timeout = AbortSignal.timeout(timeoutMs);
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'user-agent': 'flyerline', ...headers },
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    });
  } catch (error) {
    throw notTaken(receiver, reasonOf(error), true, error);
  }
  // Nothing in the answer matters, and it may be endless.
  await response.body?.cancel().catch(() => {});
  if (response.ok) return;
  const { status } = response;
  throw notTaken(receiver, `HTTP ${status}`, status >= 500 || [408, 425, 429].includes(status));
}
