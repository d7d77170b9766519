/** The snippet for Power BI, in M: Parquet from a folder; from S3 through Athena's ODBC driver. */
import type { ColumnSchema, ColumnType } from '../table-schema.ts';
import { commentOf, isS3, listed, parquetFolder, type SnippetKind, type SnippetSource } from './snippet.ts';

export const powerBi: SnippetKind = { title: 'Power BI', language: 'powerquery', write: writePowerBi };

export const M_TYPE: Readonly<Record<ColumnType, string>> = {
  string: 'type text',
  int: 'Int32.Type',
  long: 'Int64.Type',
  double: 'type number',
  boolean: 'type logical',
  date: 'type date',
};

function writePowerBi(source: SnippetSource): string {
  const { columns } = source.schema;
  const types = columns.map((column) => `{${text(column.name)}, ${M_TYPE[column.type]}}`);
  return `// Power BI Desktop: Get data, Blank query, Advanced editor.
${columns.map(explain).join('\n')}
let
    ${rows(source)},
    Typed = Table.TransformColumnTypes(Rows, {
        ${listed(types, '        ')}
    })
in
    Typed
`;
}

function rows(source: SnippetSource): string {
  const { name, columns, exported } = source.schema;
  if (isS3(source.lake) || !exported) {
    const names = columns.map((column) => `"${column.name}"`).join(', ');
    return `// Power BI has no connector for S3: the data source "Athena" is Amazon's ODBC driver, the table that of "snippet athena".
    Rows = Odbc.Query("dsn=Athena", ${text(`SELECT ${names} FROM ${name}`)})`;
  }
  const names = columns.map((column) => text(column.name));
  return `// The folder as this machine sees it: \\\\server\\share\\… or a drive.
    Files = Table.SelectRows(Folder.Files(${text(parquetFolder(source))}), each [Extension] = ".parquet"),
    Days = Table.Combine(List.Transform(Files[Content], each Parquet.Document(_))),
    // A column that was added later is null in days from before.
    Rows = Table.SelectColumns(Days, {
        ${listed(names, '        ')}
    }, MissingField.UseNull)`;
}

const explain = (column: ColumnSchema): string => `// ${column.name}: ${commentOf(column)}`;

/** A text in M: quotes are doubled. */
const text = (value: string): string => `"${value.replaceAll('"', '""')}"`;
