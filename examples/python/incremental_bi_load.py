"""Loads tables of the lake into a warehouse, and from then on only the days that changed.

    python examples/python/incremental_bi_load.py --lake .flyerline/lake --warehouse bi.sqlite

The warehouse is SQLite here; the three statements are the same for any other. Run it as often as you like: it remembers how
far it has read the feed of each table (current/<table>/restatements.ndjson), deletes the days that are new in it, and
inserts them as they are now. Doing so twice changes nothing. Needs deltalake, polars and pyarrow.
"""

import argparse
import json
import sqlite3
import sys
from datetime import date

import polars as pl

from lake_files import read_text

TABLES = ["user_flyer_day", "merchant_day"]


def main() -> None:
    asked = parse_arguments()
    warehouse = sqlite3.connect(asked.warehouse)
    warehouse.execute("CREATE TABLE IF NOT EXISTS feed_position (feed TEXT PRIMARY KEY, seq INTEGER NOT NULL)")
    for table in asked.tables:
        load_changes(asked.lake, warehouse, table)
    warehouse.close()


def load_changes(lake: str, warehouse: sqlite3.Connection, table: str) -> None:
    """All that is new of a table, and the position, in one transaction: who dies in it starts again where they were."""
    feed = read_feed(lake, table)
    (seq,) = warehouse.execute("SELECT coalesce(max(seq), 0) FROM feed_position WHERE feed = ?", [table]).fetchone()
    if seq > len(feed):
        sys.exit(f"{table}: the warehouse is at line {seq} of a feed of {len(feed)}; it was loaded from another lake")
    new = feed[seq:]
    if not new:
        print(f"{table}: nothing new")
        return
    for line in new:
        tell(line)
    # The newest version shows all of these changes. Its files never change, however often a day is restated meanwhile.
    days = sorted({line["day"] for line in new})
    rows = read_days(lake, table, max(line["version"] for line in new), days)
    with warehouse:
        add_columns(warehouse, table, rows)
        warehouse.executemany(f"DELETE FROM {table} WHERE day = ?", [[day] for day in days])
        columns, marks = ", ".join(rows.columns), ", ".join("?" for _ in rows.columns)
        warehouse.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows.iter_rows())
        warehouse.execute("INSERT OR REPLACE INTO feed_position VALUES (?, ?)", [table, len(feed)])
    print(f"{table}: {rows.height:,} rows of {len(days)} days loaded")


def read_feed(lake: str, table: str) -> list[dict]:
    """Oldest first. A line is never changed, so the number of lines is all that a reader has to remember."""
    text = read_text(lake, f"current/{table}/restatements.ndjson") or ""
    return [json.loads(line) for line in text.splitlines()]


def read_days(lake: str, table: str, version: int, days: list[str]) -> pl.DataFrame:
    """Only files of these days are read."""
    found = pl.scan_delta(f"{lake}/tables/{table}", version=version)
    wanted = found.filter(pl.col("dt").is_in([date.fromisoformat(day) for day in days]))
    # SQLite has no dates: 2018-10-01 is a text that sorts.
    return wanted.drop("dt").with_columns(pl.col("day").cast(pl.String)).collect()


def add_columns(warehouse: sqlite3.Connection, table: str, rows: pl.DataFrame) -> None:
    """Makes the table, and columns that it has got since."""
    warehouse.execute(f"CREATE TABLE IF NOT EXISTS {table} (day TEXT NOT NULL)")
    known = {name for _, name, *_ in warehouse.execute(f"PRAGMA table_info({table})")}
    for name, kind in rows.schema.items():
        if name not in known:
            sql_type = "REAL" if kind.is_float() else "INTEGER" if kind.is_integer() else "TEXT"
            warehouse.execute(f"ALTER TABLE {table} ADD COLUMN {name} {sql_type}")


def tell(line: dict) -> None:
    if line["kind"] == "restated":
        deltas = ", ".join(f"{name} {delta:+,}" for name, delta in (line.get("deltas") or {}).items())
        print(f"{line['table']}: {line['day']} restated, {line['reason']}: {deltas}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lake", required=True, help="a directory, or s3://bucket/prefix")
    parser.add_argument("--warehouse", required=True, help="a SQLite file; made when it is not there")
    parser.add_argument("--tables", nargs="+", default=TABLES, metavar="TABLE", help=f"default: {' '.join(TABLES)}")
    return parser.parse_args()


if __name__ == "__main__":
    main()
