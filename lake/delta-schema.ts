/** A declared table as a Delta schema, and the one change of schema that is allowed: more nullable columns. */
import { z } from 'zod';
import { FlyerlineError } from '../infra/errors.ts';
import type { ColumnType, TableSchema } from './table-schema.ts';

export const PARTITION_COLUMN = 'dt';

const DELTA_TYPE: Readonly<Record<ColumnType, string>> = {
  string: 'string',
  int: 'integer',
  long: 'long',
  double: 'double',
  boolean: 'boolean',
  date: 'date',
};

/** A column as the log knows it; `type` is Delta's name, which for other writers' tables may be any. */
export interface DeltaColumn {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
}

const structType = z.object({
  fields: z.array(z.object({ name: z.string(), type: z.unknown(), nullable: z.boolean() })),
});

/** The columns in order, then the partition column `dt`, which is in no data file. */
export function deltaSchemaString(schema: TableSchema): string {
  const fields = schema.columns.map(({ name, type, nullable = false, description, unit }) => ({
    name,
    type: DELTA_TYPE[type],
    nullable,
    metadata: { comment: unit === undefined ? description : `${description} [${unit}]` },
  }));
  const partition = {
    name: PARTITION_COLUMN,
    type: 'date',
    nullable: false,
    metadata: { comment: 'Partition: the local day.' },
  };
  return JSON.stringify({ type: 'struct', fields: [...fields, partition] });
}

/** Throws when it is no schema. */
export function parseSchemaString(schemaString: string): DeltaColumn[] {
  return structType.parse(JSON.parse(schemaString)).fields.map(({ name, type, nullable }) => ({
    name,
    type: typeof type === 'string' ? type : JSON.stringify(type),
    nullable,
  }));
}

/** Throws FL_SCHEMA_MISMATCH unless old files can be read as the declared table: columns kept, new ones nullable. */
export function requireCompatible(schema: TableSchema, committed: readonly DeltaColumn[]): void {
  const declared = parseSchemaString(deltaSchemaString(schema));
  const was = new Map(committed.map((column) => [column.name, column]));
  for (const column of declared) {
    const before = was.get(column.name);
    if (before === undefined && !column.nullable) {
      throw mismatch(schema, `adds the column "${column.name}", which is not nullable`);
    }
    if (before !== undefined && before.type !== column.type) {
      throw mismatch(schema, `changes "${column.name}" from ${before.type} to ${column.type}`);
    }
    if (before?.nullable && !column.nullable) {
      throw mismatch(schema, `makes "${column.name}" not nullable`);
    }
    was.delete(column.name);
  }
  const dropped = was.keys().next().value;
  if (dropped !== undefined) throw mismatch(schema, `drops the column "${dropped}"`);
}

function mismatch(schema: TableSchema, reason: string): FlyerlineError {
  return new FlyerlineError('FL_SCHEMA_MISMATCH', {
    subject: `Table "${schema.name}"`,
    reason: `${reason}, and earlier partitions could no longer be read as declared`,
    remedy: 'only add nullable columns, or give the changed table a new name',
    retryable: false,
  });
}
