/**
 * The lake as a preview sees it: a lake of its own over the published one. What is written goes aside; what is not written there is
 * read from the lake as it was when the preview was begun. So tasks compute for a preview without knowing of it.
 */
import type { Readable } from 'node:stream';
import { isFlyerlineError } from '../../infra/errors.ts';
import { claimsDir, type Token, twentyDigits } from '../lake-keys.ts';
import { compareKeys } from '../object-keys.ts';
import type { ObjectInfo, ObjectStore, PutFileOptions, WriteCondition } from '../object-store.ts';
import { preconditionLost } from '../store-errors.ts';
import { type Preview, previewDir, readPreview } from './preview-doc.ts';

/** Claims of a preview count from here, so none ever has the number of a claim of the lake. */
const FIRST_TOKEN = 1_000_000_000_000n;

export const isPreviewToken = (token: Token): boolean => BigInt(token) >= FIRST_TOKEN;

/** Parsed drops are the same for all, and parsed once. Inputs documents are not: a collector knows whose they are by manifests. */
const SHARED = /^stage\/(?!inputs\/)/;
/** Of other previews, of runs of the lake, and hints about logs that go on. */
const HIDDEN = /^(previews|scratch)\/|^ctl\/[^/]+\/claims\/|\/_delta_log\/_/;
const LOG_FILE = /^tables\/([^/]+)\/_delta_log\/(\d{20})\./;
const CLAIMS = /^ctl\/([^/]+)\/claims\/dt=([^/]+)\/$/;

/** Throws FL_PREVIEW_UNKNOWN. */
export async function openPreview(lake: ObjectStore, id: string): Promise<ObjectStore> {
  return previewStore(lake, await readPreview(lake, id));
}

export function previewStore(lake: ObjectStore, preview: Pick<Preview, 'id' | 'versions'>): ObjectStore {
  return new PreviewStore(lake, preview);
}

class PreviewStore implements ObjectStore {
  readonly url: string;
  readonly localRoot = undefined;
  readonly #lake: ObjectStore;
  readonly #dir: string;
  readonly #versions: Preview['versions'];

  constructor(lake: ObjectStore, { id, versions }: Pick<Preview, 'id' | 'versions'>) {
    this.#lake = lake;
    // Drops that share a place with the lake are told from it by this.
    this.url = lake.url;
    this.#dir = `${previewDir(id)}lake/`;
    this.#versions = versions;
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    if (SHARED.test(key)) return this.#lake.head(key);
    const own = await this.#lake.head(this.#dir + key);
    if (own !== undefined) return { ...own, key };
    return this.#isSeen(key) ? this.#lake.head(key) : undefined;
  }

  async get(key: string): Promise<{ readonly body: Buffer; readonly info: ObjectInfo }> {
    const { body, info } = await this.#firstOf(key, (place) => this.#lake.get(place));
    return { body, info: { ...info, key } };
  }

  read(key: string, offset?: number): Promise<Readable> {
    return this.#firstOf(key, (place) => this.#lake.read(place, offset));
  }

  fetchFile(key: string, intoDir: string): Promise<string> {
    return this.#firstOf(key, (place) => this.#lake.fetchFile(place, intoDir));
  }

  async *list(prefix: string, options: { readonly after?: string } = {}): AsyncGenerator<ObjectInfo> {
    const { after } = options;
    const first = firstClaim(prefix);
    if (first !== undefined && (after === undefined || compareKeys(first.key, after) > 0)) yield first;
    const below = SHARED.test(prefix) || !HIDDEN.test(prefix) ? this.#below(prefix, options) : nothing();
    yield* merged(this.#own(prefix, after), below);
  }

  put(key: string, body: Uint8Array | string, condition: WriteCondition = {}): Promise<ObjectInfo> {
    return this.#write(key, condition, (place, rest) => this.#lake.put(place, body, rest));
  }

  putFile(key: string, path: string, options: PutFileOptions = {}): Promise<ObjectInfo> {
    const { isGiven = false } = options;
    return this.#write(key, options, (place, rest) => this.#lake.putFile(place, path, { ...rest, isGiven }));
  }

  /** What the lake has stays there. */
  async delete(key: string): Promise<void> {
    await this.#lake.delete(SHARED.test(key) ? key : this.#dir + key);
  }

  /** It is a view: whoever opened the lake closes it. */
  async close(): Promise<void> {}

  /** Whether an object of the lake is part of the preview, unless the preview has its own. */
  #isSeen(key: string): boolean {
    const [, table, version] = LOG_FILE.exec(key) ?? [];
    if (table !== undefined) return Number(version) <= (this.#versions[table] ?? -1);
    return !HIDDEN.test(key);
  }

  async #firstOf<T>(key: string, read: (place: string) => Promise<T>): Promise<T> {
    if (SHARED.test(key)) return read(key);
    try {
      return await read(this.#dir + key);
    } catch (error) {
      if (!isFlyerlineError(error, 'FL_OBJECT_MISSING') || !this.#isSeen(key)) throw error;
      return read(key);
    }
  }

  async #write(
    key: string,
    { ifAbsent, ifMatch }: WriteCondition,
    write: (place: string, condition: WriteCondition) => Promise<ObjectInfo>,
  ): Promise<ObjectInfo> {
    const condition: WriteCondition = ifAbsent ? { ifAbsent } : ifMatch === undefined ? {} : { ifMatch };
    if (SHARED.test(key)) return write(key, condition);
    const place = this.#dir + key;
    const put = async (rest: WriteCondition) => ({ ...(await write(place, rest)), key });
    if (ifAbsent === undefined && ifMatch === undefined) return put({});
    if (ifMatch !== undefined && (await this.#lake.head(place)) !== undefined) return put({ ifMatch });
    // Nothing of its own: what the condition is about is the lake's object, and the first to write aside wins.
    const seen = this.#isSeen(key) ? await this.#lake.head(key) : undefined;
    if (seen?.etag !== ifMatch) throw preconditionLost(this.url, key);
    return put({ ifAbsent: true });
  }

  async *#own(prefix: string, after: string | undefined): AsyncGenerator<ObjectInfo> {
    const from = after === undefined ? {} : { after: this.#dir + after };
    for await (const info of this.#lake.list(this.#dir + prefix, from)) {
      yield { ...info, key: info.key.slice(this.#dir.length) };
    }
  }

  async *#below(prefix: string, options: { readonly after?: string }): AsyncGenerator<ObjectInfo> {
    for await (const info of this.#lake.list(prefix, options)) {
      if (SHARED.test(info.key) || this.#isSeen(info.key)) yield info;
    }
  }
}

/** Stands where the count of claims of a partition begins. */
function firstClaim(prefix: string): ObjectInfo | undefined {
  const [, table, day] = CLAIMS.exec(prefix) ?? [];
  if (table === undefined) return undefined;
  const key = claimsDir(table, day!) + twentyDigits(FIRST_TOKEN);
  return { key, size: 0, etag: '', lastModifiedMs: 0 };
}

async function* nothing(): AsyncGenerator<ObjectInfo> {}

/** Both in order of keys; of two with one key the upper one. */
async function* merged(
  upper: AsyncIterator<ObjectInfo>,
  lower: AsyncIterator<ObjectInfo>,
): AsyncGenerator<ObjectInfo> {
  let [above, below] = await Promise.all([upper.next(), lower.next()]);
  while (!above.done || !below.done) {
    const order = above.done ? 1 : below.done ? -1 : compareKeys(above.value.key, below.value.key);
    yield order <= 0 ? above.value : below.value;
    if (order >= 0) below = await lower.next();
    if (order <= 0) above = await upper.next();
  }
}
