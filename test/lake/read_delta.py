"""What four readers that are not ours see of the sample table: rows, sum of ids and unknown dwells per day, as JSON.

Arguments: URL of the table, older versions to look at, deltalake's storage options (the last two as JSON).
deltalake is the first reader, with pandas and with polars on top; ClickHouse reads through delta-kernel.
"""

import json
import os
import sys

import chdb
import deltalake
import polars


def main(url: str, versions: list[int], options: dict[str, str]) -> dict:
    table = deltalake.DeltaTable(url, storage_options=options)
    seen = {
        "version": table.version(),
        "schema": [[field.name, field.type.type, field.nullable] for field in table.schema().fields],
        "pandas": with_pandas(table),
        "polars": with_polars(url, options),
    }
    one_day = table.to_pandas(partitions=[("dt", "=", "2018-10-02")], columns=["id", "user_id"])
    seen["one_day"] = [len(one_day), sorted(one_day.columns)]
    seen["past"] = {}
    for version in versions:
        table.load_as_version(version)
        seen["past"][version] = with_pandas(table)
    clickhouse = ClickHouse(url, options)
    seen["clickhouse"] = clickhouse.days()
    seen["clickhouse_one_day"] = clickhouse.days("WHERE dt = '2018-10-02'")
    seen["clickhouse_types"] = clickhouse.types()
    seen["clickhouse_past"] = {version: clickhouse.days(version=version) for version in versions}
    return seen


def with_pandas(table: deltalake.DeltaTable) -> dict:
    by_day = table.to_pandas().groupby("dt")
    days = by_day.agg(rows=("id", "count"), ids=("id", "sum"), unknown=("dwell_s", lambda dwell: dwell.isna().sum()))
    return {str(day): [int(row.rows), int(row.ids), int(row.unknown)] for day, row in days.iterrows()}


def with_polars(url: str, options: dict[str, str]) -> dict:
    frame = polars.scan_delta(url, storage_options=options).group_by("dt").agg(
        polars.len().alias("rows"),
        polars.col("id").sum().alias("ids"),
        polars.col("dwell_s").null_count().alias("unknown"),
    )
    return {str(day["dt"]): [day["rows"], day["ids"], day["unknown"]] for day in frame.collect().iter_rows(named=True)}


class ClickHouse:
    def __init__(self, url: str, options: dict[str, str]) -> None:
        is_local = not url.startswith("s3://")
        # ClickHouse reads local files only below its working directory.
        if is_local:
            os.chdir(url)
        self.connection = chdb.connect(":memory:")
        self.table = f"deltaLakeLocal('{url}')" if is_local else on_s3(url, options)

    def days(self, where: str = "", version: int | None = None) -> dict:
        settings = "" if version is None else f"SETTINGS delta_lake_snapshot_version = {version}"
        rows = self.rows(
            f"SELECT toString(dt), count(), sum(id), countIf(dwell_s IS NULL) FROM {self.table} {where} GROUP BY dt {settings}"
        )
        return {day: [int(count), int(ids), int(unknown)] for day, count, ids, unknown in rows}

    def types(self) -> dict:
        return {row[0]: row[1] for row in self.rows(f"DESCRIBE TABLE {self.table}")}

    def rows(self, sql: str) -> list[list]:
        return [json.loads(line) for line in str(self.connection.query(sql, "JSONCompactEachRow")).splitlines()]


def on_s3(url: str, options: dict[str, str]) -> str:
    location = url.replace("s3://", options["AWS_ENDPOINT_URL"] + "/")
    return f"deltaLake('{location}', '{options['AWS_ACCESS_KEY_ID']}', '{options['AWS_SECRET_ACCESS_KEY']}')"


if __name__ == "__main__":
    url, versions, options = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
    print(json.dumps(main(url, versions, options)), flush=True)
    # Without tear-down, in which the readers' threads now and then abort a process that has done its work.
    os._exit(0)
