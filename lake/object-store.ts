/** What the lake needs of a store of objects: an S3 bucket, or a local directory that behaves like one. */
import type { Readable } from 'node:stream';

export interface ObjectInfo {
  /** Relative to the store's root, '/'-separated, never starting with '/'. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Opaque; changes whenever the content does. */
  readonly etag: string;
  readonly lastModifiedMs: number;
}

/** At most one of the two. A write that loses throws FL_PRECONDITION; one's own earlier write (a lost reply) is a success. */
export type WriteCondition =
  | { readonly ifAbsent: true; readonly ifMatch?: never }
  | { readonly ifMatch: string; readonly ifAbsent?: never }
  | { readonly ifAbsent?: never; readonly ifMatch?: never };

export type PutFileOptions = WriteCondition & {
  /** The caller needs the file no longer: a store may take it instead of copying it, also when the write loses. */
  readonly isGiven?: boolean;
};

export interface ObjectStore {
  /** `s3://bucket/prefix` or `file:///absolute/path`; never holds credentials. */
  readonly url: string;
  /** The directory whose files are the objects, when the store is local; DuckDB may then read them in place. */
  readonly localRoot: string | undefined;

  head(key: string): Promise<ObjectInfo | undefined>;
  /** The whole object. Throws FL_OBJECT_MISSING. */
  get(key: string): Promise<{ readonly body: Buffer; readonly info: ObjectInfo }>;
  /**
   * The bytes from `offset` on (0 = all), resumed with Range and If-Match when the connection breaks. Throws
   * FL_OBJECT_MISSING; the stream ends with FL_OBJECT_SPOILED when its checksum, if there is one, is not that of its bytes.
   */
  read(key: string, offset?: number): Promise<Readable>;
  /** In code-point order of keys; `after` is exclusive. Keys are relative to the root, like `prefix`. */
  list(prefix: string, options?: { readonly after?: string }): AsyncIterable<ObjectInfo>;
  put(key: string, body: Uint8Array | string, condition?: WriteCondition): Promise<ObjectInfo>;
  /** Like `put` from a local file of any size (multipart above 8 MB). The file stays where it is, unless it is given. */
  putFile(key: string, path: string, options?: PutFileOptions): Promise<ObjectInfo>;
  /** A local path with the object's content: the object's own file in a local store, else a download below `intoDir`. Read only. */
  fetchFile(key: string, intoDir: string): Promise<string>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
  /**
   * Aborts uploads in parts that began before the time and never ended, or with `dryRun` only looks; how many. Stores
   * without such uploads lack it.
   */
  abortUploads?(beforeMs: number, options?: { readonly dryRun?: boolean }): Promise<number>;
  close(): Promise<void>;
}
