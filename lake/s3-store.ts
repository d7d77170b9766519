/** An S3 bucket, or a prefix of one, as an object store. */
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { isFlyerlineError } from '../infra/errors.ts';
import { createS3Client, S3_REQUEST_TIMEOUT_MS, type S3Options } from '../infra/s3-client.ts';
import { ignoring } from './errno.ts';
import type { ObjectInfo, ObjectStore, PutFileOptions, WriteCondition } from './object-store.ts';
import { isNotFound, storeUnreachable } from './s3-errors.ts';
import { abortUploads, putInParts, SINGLE_PUT_MAX } from './s3-multipart.ts';
import { probeParts } from './s3-parts-probe.ts';
import { readS3Object, type S3Source } from './s3-read.ts';
import { putBuffer, type S3Target } from './s3-write.ts';
import { sha256Hex } from './sha256.ts';
import { changedWhileRead, objectMissing, storeIsReadOnly } from './store-errors.ts';

/** Of an object that is replaced faster than it is read, or that arrives with wrong bytes. */
const READS_MAX = 10;

export interface S3StoreOptions {
  readonly bucket: string;
  /** Without slashes at its ends; '' for the whole bucket. */
  readonly prefix: string;
  readonly readOnly?: boolean;
  readonly s3?: S3Options | undefined;
  /** @default a client of its own, made from `s3` */
  readonly client?: S3Client;
}

export function openS3Store(options: S3StoreOptions): ObjectStore {
  return new S3Store(options);
}

class S3Store implements ObjectStore {
  readonly url: string;
  readonly localRoot = undefined;
  readonly #client: S3Client;
  readonly #bucket: string;
  /** '' or ending with '/'. */
  readonly #prefix: string;
  readonly #readOnly: boolean;
  readonly #idleTimeoutMs: number;
  readonly #encryption: S3Target['encryption'];
  #partsProbe: Promise<void> | undefined;

  constructor({ bucket, prefix, readOnly = false, s3 = {}, client }: S3StoreOptions) {
    this.url = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
    this.#client = client ?? createS3Client(s3);
    this.#bucket = bucket;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#readOnly = readOnly;
    this.#idleTimeoutMs = s3.requestTimeoutMs ?? S3_REQUEST_TIMEOUT_MS;
    this.#encryption = {
      ...(s3.serverSideEncryption === undefined ? {} : { ServerSideEncryption: s3.serverSideEncryption }),
      ...(s3.kmsKeyId === undefined ? {} : { SSEKMSKeyId: s3.kmsKeyId }),
    };
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    try {
      const answer = await this.#client.send(new HeadObjectCommand(this.#object(key)));
      return {
        key,
        size: answer.ContentLength ?? 0,
        etag: answer.ETag ?? '',
        lastModifiedMs: answer.LastModified?.getTime() ?? 0,
      };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw storeUnreachable(this.url, `looking at "${key}"`, error);
    }
  }

  async get(key: string): Promise<{ readonly body: Buffer; readonly info: ObjectInfo }> {
    return settled(async () => {
      const { info, stream } = await readS3Object(this.#source(key), 0);
      const chunks: Uint8Array[] = [];
      for await (const chunk of stream as AsyncIterable<Uint8Array>) chunks.push(chunk);
      return { body: Buffer.concat(chunks), info };
    });
  }

  async read(key: string, offset = 0): Promise<Readable> {
    return (await readS3Object(this.#source(key), offset)).stream;
  }

  async *list(prefix: string, options: { readonly after?: string } = {}): AsyncIterable<ObjectInfo> {
    let token: string | undefined;
    do {
      const page = await this.#listPage(prefix, options.after, token);
      for (const object of page.Contents ?? []) {
        yield {
          key: (page.EncodingType === 'url' ? decodeKey(object.Key!) : object.Key!).slice(
            this.#prefix.length,
          ),
          size: object.Size ?? 0,
          etag: object.ETag ?? '',
          lastModifiedMs: object.LastModified?.getTime() ?? 0,
        };
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async put(key: string, body: Uint8Array | string, condition: WriteCondition = {}): Promise<ObjectInfo> {
    if (this.#readOnly) throw storeIsReadOnly(this.url, key);
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const etag = await putBuffer(this.#target(key), bytes, condition);
    return { key, size: bytes.byteLength, etag, lastModifiedMs: Date.now() };
  }

  async putFile(key: string, path: string, condition: PutFileOptions = {}): Promise<ObjectInfo> {
    if (this.#readOnly) throw storeIsReadOnly(this.url, key);
    const { size } = await stat(path);
    if (size <= SINGLE_PUT_MAX) return this.put(key, await readFile(path), condition);
    if (condition.ifAbsent || condition.ifMatch !== undefined) await this.#requireConditionalParts();
    const etag = await putInParts(this.#target(key), path, size, condition);
    return { key, size, etag, lastModifiedMs: Date.now() };
  }

  async fetchFile(key: string, intoDir: string): Promise<string> {
    await mkdir(intoDir, { recursive: true });
    return settled(async () => {
      const info = await this.head(key);
      if (info === undefined) throw objectMissing(this.url, key);
      // Named after the version, so that the same version is fetched once per directory.
      const version = sha256Hex(`${this.url}\n${key}\n${info.etag}`).slice(0, 16);
      const path = join(intoDir, `${version}-${posix.basename(key).slice(-128)}`);
      if (await ignoring(['ENOENT'], stat(path))) return path;
      const partial = `${path}.${randomUUID()}.part`;
      try {
        const source = await readS3Object(this.#source(key), 0);
        if (source.info.etag !== info.etag) throw changedWhileRead(this.url, key);
        await pipeline(source.stream, createWriteStream(partial));
        await rename(partial, path);
        return path;
      } finally {
        await ignoring(['ENOENT'], unlink(partial));
      }
    });
  }

  async delete(key: string): Promise<void> {
    if (this.#readOnly) throw storeIsReadOnly(this.url, key);
    try {
      await this.#client.send(new DeleteObjectCommand(this.#object(key)));
    } catch (error) {
      if (!isNotFound(error)) throw storeUnreachable(this.url, `deleting "${key}"`, error);
    }
  }

  async abortUploads(beforeMs: number, { dryRun = false } = {}): Promise<number> {
    if (this.#readOnly && !dryRun) throw storeIsReadOnly(this.url, '');
    try {
      return await abortUploads(this.#client, this.#bucket, this.#prefix, beforeMs, dryRun);
    } catch (error) {
      throw storeUnreachable(this.url, 'aborting old uploads', error);
    }
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  async #listPage(prefix: string, after: string | undefined, token: string | undefined) {
    try {
      return await this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: this.#prefix + prefix,
          // A key may hold characters that XML cannot. Not every server encodes; its answer says whether it did.
          EncodingType: 'url',
          ...(token !== undefined
            ? { ContinuationToken: token }
            : after === undefined
              ? {}
              : { StartAfter: this.#prefix + after }),
        }),
      );
    } catch (error) {
      throw storeUnreachable(this.url, `listing "${prefix}"`, error);
    }
  }

  /** Asked of the server once, and only when it matters. */
  #requireConditionalParts(): Promise<void> {
    this.#partsProbe ??= probeParts(this.#target(`ctl/.probe/${randomUUID()}`)).catch((error: unknown) => {
      this.#partsProbe = undefined;
      throw storeUnreachable(this.url, 'probing uploads in parts', error);
    });
    return this.#partsProbe;
  }

  #object(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + key };
  }

  #source(key: string): S3Source {
    return {
      client: this.#client,
      bucket: this.#bucket,
      objectKey: this.#prefix + key,
      key,
      storeUrl: this.url,
      idleTimeoutMs: this.#idleTimeoutMs,
    };
  }

  #target(key: string): S3Target {
    return { ...this.#source(key), encryption: this.#encryption };
  }
}

/** Reads again what was replaced or spoiled while it was read: nobody has seen what was read of it. */
async function settled<T>(read: () => Promise<T>): Promise<T> {
  for (let reads = 1; ; reads += 1) {
    try {
      return await read();
    } catch (error) {
      const mayDiffer =
        isFlyerlineError(error, 'FL_PRECONDITION') || isFlyerlineError(error, 'FL_OBJECT_SPOILED');
      if (!mayDiffer || reads === READS_MAX) throw error;
    }
  }
}

/** S3's URL encoding writes a space as '+'. */
function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '));
}
