"""Runs or parses snippets; reads a JSON list of {reader, table, code} from stdin, prints what came of each as a JSON list.

pandas, polars, ClickHouse and Tableau's Hyper read the lake; Spark's Python is compiled; Athena's DDL is parsed.
The working directory is the lake: ClickHouse reads nothing above it. Tableau's extract is made in the directory of argument 1.
"""

import contextlib
import io
import json
import os
import sys

import chdb
import sqlglot
from sqlglot import exp

connection = chdb.connect(":memory:")


def run(code: str) -> dict:
    names: dict = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, "snippet", "exec"), names)
    return names


def with_pandas(table: str, code: str) -> dict:
    frame = run(code)[table]
    return {"rows": len(frame), "columns": list(frame.columns), "nulls": int(frame.isna().sum().sum())}


def with_polars(table: str, code: str) -> dict:
    frame = run(code)[table].collect()
    return {"rows": frame.height, "columns": frame.columns, "nulls": sum(frame.null_count().row(0))}


def with_clickhouse(table: str, code: str) -> dict:
    connection.query(code)
    columns = [row["name"] for row in clickhouse_rows(f"DESCRIBE TABLE {table}")]
    nulls = " + ".join(f'countIf("{name}" IS NULL)' for name in columns)
    [counted] = clickhouse_rows(f"SELECT count() AS rows, {nulls} AS nulls FROM {table}")
    return {"rows": int(counted["rows"]), "columns": columns, "nulls": int(counted["nulls"])}


def clickhouse_rows(sql: str) -> list[dict]:
    return [json.loads(line) for line in str(connection.query(sql, "JSONEachRow")).splitlines()]


def with_tableau(table: str, code: str) -> dict:
    # Not built for every processor.
    from tableauhyperapi import Connection, HyperProcess, Telemetry

    lake = os.getcwd()
    os.chdir(sys.argv[1])
    try:
        run(code)
        with HyperProcess(Telemetry.DO_NOT_SEND_USAGE_DATA_TO_TABLEAU, parameters={"log_config": ""}) as hyper:
            with Connection(hyper.endpoint, f"{table}.hyper") as extract:
                columns = [column.name.unescaped for column in extract.catalog.get_table_definition(table).columns]
                nulls = " + ".join(f'COUNT(*) - COUNT("{name}")' for name in columns)
                [[rows, unknown]] = extract.execute_list_query(f'SELECT COUNT(*), {nulls} FROM "{table}"')
        return {"rows": rows, "columns": columns, "nulls": unknown}
    finally:
        os.chdir(lake)


def with_spark(table: str, code: str) -> dict:
    compile(code, "snippet", "exec")
    return {}


def with_athena(table: str, code: str) -> dict:
    return {"tables": [ddl(statement) for statement in sqlglot.parse(code, dialect="athena") if statement]}


def ddl(create: exp.Expression) -> dict:
    schema = create.this if isinstance(create.this, exp.Schema) else None
    columns = schema.expressions if schema else []
    return {
        "kind": create.args["kind"],
        "name": create.find(exp.Table).name,
        "columns": [[column.name, column.args["kind"].sql(dialect="hive").lower()] for column in columns],
        "comments": [column.find(exp.CommentColumnConstraint).this.this for column in columns],
        "location": create.find(exp.LocationProperty).this.this,
        "properties": {found.this.this: found.args["value"].this for found in create.find_all(exp.Property) if type(found) is exp.Property},
    }


READERS = {
    "pandas": with_pandas,
    "polars": with_polars,
    "clickhouse": with_clickhouse,
    "tableau": with_tableau,
    "spark": with_spark,
    "athena": with_athena,
}

if __name__ == "__main__":
    print(json.dumps([READERS[given["reader"]](given["table"], given["code"]) for given in json.load(sys.stdin)]))
    sys.stdout.flush()
    # Without tear-down, in which the readers' threads now and then abort a process that has done its work.
    os._exit(0)
