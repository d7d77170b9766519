"""A training set that can be rebuilt exactly: one row per user and day, from clean_events of a snapshot.

    ./flyerline snapshot create checkout-v1 --from 2018-10-01 --to 2018-10-31
    python examples/python/training_set.py --lake .flyerline/lake --snapshot checkout-v1 --out october.parquet

It prints a fingerprint of the rows. Keep it with the model: a year and many restatements later,

    python examples/python/training_set.py --lake .flyerline/lake --snapshot checkout-v1 --expect <fingerprint>

makes the same rows again, or fails. Needs deltalake, polars and pyarrow.
"""

import argparse
import hashlib
import json
import sys
from datetime import date

import polars as pl

from lake_files import read_text


def main() -> int:
    asked = parse_arguments()
    snapshot = read_snapshot(asked.lake, asked.snapshot)
    events = read_events(asked.lake, snapshot, asked.first, asked.last)
    rows = training_rows(events).collect()
    if asked.out:
        rows.write_parquet(asked.out)
    found = fingerprint(rows)
    print(f"{rows.height:,} rows of {rows['day'].n_unique()} days from snapshot {snapshot['name']}")
    print(f"fingerprint {found}")
    if asked.expect is None:
        return 0
    print("identical" if found == asked.expect else f"NOT the rows of {asked.expect}")
    return 0 if found == asked.expect else 1


def read_snapshot(lake: str, name: str) -> dict:
    """The snapshot's document: which version of which table holds which days."""
    text = read_text(lake, f"ctl/snapshots/{name}.json")
    if text is None:
        sys.exit(f"There is no snapshot {name}; see ./flyerline snapshot list")
    return json.loads(text)


def read_events(lake: str, snapshot: dict, first: date | None, last: date | None) -> pl.LazyFrame:
    """The frozen events, of those days of the snapshot that are asked for. Only files of these days are read."""
    table = next((table for table in snapshot["tables"] if table["table"] == "clean_events"), None)
    if table is None:
        sys.exit(f"Snapshot {snapshot['name']} does not hold clean_events")
    days = [date.fromisoformat(partition["day"]) for partition in table["partitions"]]
    events = pl.scan_delta(f"{lake}/tables/clean_events", version=table["version"])
    return events.filter(pl.col("dt").is_between(max(first or days[0], days[0]), min(last or days[-1], days[-1])))


def training_rows(events: pl.LazyFrame) -> pl.LazyFrame:
    """What users did on a day, and whether they checked out. A bot is no shopper, so suspects are left out."""
    local_s = pl.col("ts") + pl.col("utc_offset_s")
    return (
        events.filter(pl.col("suspect") == 0)
        .group_by("user_id", "day")
        .agg(
            pl.len().alias("events"),
            pl.col("flyer_id").n_unique().alias("flyers"),
            pl.col("merchant_id").n_unique().alias("merchants"),
            *[(pl.col("event") == event).sum().alias(f"{event}s") for event in ("flyer_open", "item_open", "favorite")],
            (local_s.min() % 86_400 // 3_600).cast(pl.Int32).alias("first_hour"),
            (pl.col("ts").max() - pl.col("ts").min()).alias("active_s"),
            (pl.col("event") == "checkout").any().alias("checked_out"),
        )
        # Groups come in any order; equal rows in equal order make equal files.
        .sort("user_id", "day")
    )


def fingerprint(rows: pl.DataFrame) -> str:
    return hashlib.sha256(rows.write_csv().encode()).hexdigest()


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lake", required=True, help="a directory, or s3://bucket/prefix")
    parser.add_argument("--snapshot", required=True, help="its name")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, help="first day (default: of the snapshot)")
    parser.add_argument("--to", dest="last", type=date.fromisoformat, help="last day (default: of the snapshot)")
    parser.add_argument("--out", help="write the rows to this Parquet file")
    parser.add_argument("--expect", metavar="FINGERPRINT", help="fail if the rows are others")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
