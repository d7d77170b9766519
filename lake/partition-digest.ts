/** A manifest in one line: what decides whether a version is still what it should be. Thousands are read at once. */
import type { Manifest, ReadPartition } from './manifest.ts';
import { sha256Hex } from './sha256.ts';

export interface PartitionDigest {
  /** Whose version this is; a digest holds only as long as the log says the same. */
  readonly token: string;
  readonly inputsDigest: string;
  readonly inputCount: number;
  /** Of the partitions that it was made of; null when it was made of none. */
  readonly partitionsDigest: string | null;
  readonly codeVersion: string;
  readonly definitionVersion: string;
  readonly paramsDigest: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly rowCount: number;
  readonly committedAtMs: number;
  readonly asOfMs: number | null;
  /** Null for a table without that question. */
  readonly status: 'provisional' | 'final' | null;
  readonly runId: string;
  /** Whether every export shows this version; true for tables that are not exported. */
  readonly isShown: boolean;
}

export function digestOf(manifest: Manifest, isShown: boolean): PartitionDigest {
  return {
    token: manifest.token,
    inputsDigest: inputsDigestOf(manifest.inputs),
    inputCount: manifest.inputs.length,
    partitionsDigest: manifest.partitions === undefined ? null : partitionsDigestOf(manifest.partitions),
    codeVersion: manifest.codeVersion,
    definitionVersion: manifest.definitionVersion,
    paramsDigest: paramsDigestOf(manifest.params),
    params: manifest.params,
    rowCount: manifest.rowCount,
    committedAtMs: Date.parse(manifest.createdAt),
    asOfMs: manifest.asOfMs,
    status: manifest.status ?? null,
    runId: manifest.runId,
    isShown,
  };
}

const DIGITS = 16;

/** Equal for equal inputs in equal order: 16 hex digits. */
export function inputsDigestOf(
  inputs: readonly { readonly key: string; readonly etag: string; readonly size: number }[],
): string {
  return sha256Hex(JSON.stringify(inputs.map(({ key, etag, size }) => [key, etag, size]))).slice(0, DIGITS);
}

/** Equal for partitions of equal content, in whichever version: 16 hex digits. */
export function partitionsDigestOf(
  partitions: readonly Pick<ReadPartition, 'day' | 'contentHash'>[],
): string {
  const content = partitions.map(({ day, contentHash }) => [day, contentHash]);
  return sha256Hex(JSON.stringify(content)).slice(0, DIGITS);
}

/** Equal for equal parameters, whatever their order: 16 hex digits. */
export function paramsDigestOf(params: Readonly<Record<string, unknown>>): string {
  const sorted = Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256Hex(JSON.stringify(sorted)).slice(0, DIGITS);
}
