/** What the commands about the lake share: opening it, and naming tables, days and versions. */
import { FlyerlineError } from '../../infra/errors.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import type { TableSchema } from '../../lake/table-schema.ts';
import { LAKE_TABLES } from '../../tasks/tables.ts';
import { type CommandContext, commandContext } from '../command-context.ts';
import type { CommonOptions } from '../common-options.ts';

export interface LakeOptions extends CommonOptions {
  readonly lake?: string;
}

/** Opens the configured lake, and closes it when the work is done or fails. */
export async function withLake<T>(
  options: LakeOptions,
  access: 'read' | 'write',
  work: (store: ObjectStore, context: CommandContext) => Promise<T>,
): Promise<T> {
  const context = commandContext(options, options.lake === undefined ? {} : { lake: options.lake });
  const { config } = context;
  const store = await openStore(config.lake, { s3: config.s3, readOnly: access === 'read' });
  try {
    return await work(store, context);
  } finally {
    await store.close();
  }
}

/** Throws FL_USAGE. */
export function findTable(name: string): TableSchema {
  const found = LAKE_TABLES.find((schema) => schema.name === name);
  if (found !== undefined) return found;
  throw new FlyerlineError('FL_USAGE', {
    subject: `Table "${name}"`,
    reason: 'does not exist',
    remedy: `use one of ${LAKE_TABLES.map((schema) => schema.name).join(', ')}`,
    retryable: false,
  });
}

/** One table by name, or all. */
export function tablesOf(name: string | undefined): readonly TableSchema[] {
  return name === undefined ? LAKE_TABLES : [findTable(name)];
}

export function notCommitted(table: string, day: string): FlyerlineError {
  return new FlyerlineError('FL_OBJECT_MISSING', {
    subject: `Partition ${table} ${day}`,
    reason: 'was never committed',
    remedy: 'see "partitions list" for the days there are',
    retryable: false,
  });
}
