/** Snippets in Python: pandas, polars, Spark, and a Tableau extract made by Hyper. */
import { deltaUrl, isS3, listed, parquetFolder, type SnippetKind, type SnippetSource } from './snippet.ts';

export const pandas: SnippetKind = { title: 'pandas', language: 'python', write: writePandas };
export const polars: SnippetKind = { title: 'polars', language: 'python', write: writePolars };
export const spark: SnippetKind = { title: 'Spark', language: 'python', write: writeSpark };
export const tableau: SnippetKind = { title: 'Tableau', language: 'python', write: writeTableau };

const text = (value: string): string => JSON.stringify(value);

const columnList = ({ schema }: SnippetSource): string =>
  `COLUMNS = [\n    ${listed(
    schema.columns.map(({ name }) => text(name)),
    '    ',
  )},\n]\n`;

function writePandas(source: SnippetSource): string {
  const { name, exported } = source.schema;
  if (!exported) {
    return `# pip install deltalake pandas pyarrow
from deltalake import DeltaTable

${columnList(source)}
# Name days: partitions=[("dt", "=", "2018-10-01")] reads one.
${name} = DeltaTable(${text(deltaUrl(source))}).to_pandas(columns=COLUMNS)
print(${name}.dtypes)
`;
  }
  return `# pip install pandas pyarrow${isS3(source.lake) ? ' s3fs' : ''}
import pandas as pd

${columnList(source)}
# Nullable types: otherwise whole numbers that may be unknown become floats. One day: filters=[("dt", "=", "2018-10-01")].
${name} = pd.read_parquet(${text(parquetFolder(source))}, columns=COLUMNS, dtype_backend="numpy_nullable")
print(${name}.dtypes)
`;
}

function writePolars(source: SnippetSource): string {
  const { name } = source.schema;
  return `# pip install polars deltalake
import polars as pl

${columnList(source)}
# Lazy: only the days and columns that are asked for are read.
${name} = pl.scan_delta(${text(deltaUrl(source))}).select(COLUMNS)
print(${name}.collect())
`;
}

function writeSpark(source: SnippetSource): string {
  const { name } = source.schema;
  const url = deltaUrl(source).replace(/^s3:/, 's3a:');
  return `# "spark" is a session with Delta's jars: spark-submit --packages io.delta:delta-spark_2.13:<version for your Spark>
#   --conf spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension
#   --conf spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog
${columnList(source)}
${name} = spark.read.format("delta").load(${text(url)}).select(*COLUMNS)
${name}.createOrReplaceTempView(${text(name)})
${name}.printSchema()
`;
}

function writeTableau(source: SnippetSource): string {
  const { schema, lake } = source;
  const { name, exported } = schema;
  const fromLake = exported && !isS3(lake);
  const files = fromLake ? `${parquetFolder(source)}/dt=*/${name}.parquet` : `${name}/${name}.parquet`;
  const columns = schema.columns.map((column) => `"${column.name}"`).join(', ');
  const before = fromLake
    ? ''
    : `# First: ./flyerline export table ${name} --from <date> --to <date> --out ${name} --format parquet
# Without an extract, Tableau reads a lake on S3 live through its Amazon Athena connector (snippet athena ${name}).
`;
  return `${before}# pip install tableauhyperapi; then open ${name}.hyper in Tableau, or publish it.
import glob
from tableauhyperapi import Connection, CreateMode, HyperProcess, Telemetry, escape_string_literal

files = ", ".join(escape_string_literal(path) for path in sorted(glob.glob(${text(files)})))
with HyperProcess(Telemetry.DO_NOT_SEND_USAGE_DATA_TO_TABLEAU, parameters={"log_config": ""}) as hyper:
    with Connection(hyper.endpoint, ${text(`${name}.hyper`)}, CreateMode.CREATE_AND_REPLACE) as extract:
        rows = extract.execute_command(
            'CREATE TABLE "${name}" AS SELECT ${columns} '
            f"FROM external(ARRAY[{files}], FORMAT => 'parquet')"
        )
        print(rows, "rows")
`;
}
