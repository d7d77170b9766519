"""Peer: the day with polars, in memory, on all cores. A sorted frame needs no windows per user, only shifts."""

import os

from peer_job import Job, Stages

job = Job()
# Read when polars is imported.
os.environ["POLARS_MAX_THREADS"] = str(job.threads)

import polars as pl  # noqa: E402

from polars_day.clean import clean, fill_merchants  # noqa: E402
from polars_day.facts import facts_of, suspects_of, users_of  # noqa: E402
from polars_day.merchants import merchants_of  # noqa: E402
from polars_day.views import in_order, views_of  # noqa: E402

c = pl.col


def main():
    stages = Stages()
    events = clean(job)
    stages.end("clean")
    events = in_order(fill_merchants(events))
    views = views_of(events, job)
    facts = facts_of(views, job)
    suspects = suspects_of(events, job)
    stages.end("dwell")
    views, facts = flag(views, suspects), flag(facts, suspects)
    write("flyer_views", in_seconds(views))
    write("user_flyer_day", in_seconds(facts))
    write("user_day", flag(users_of(facts), suspects))
    write("merchant_day", merchants_of(views, facts, job))
    stages.end("write")
    stages.report()


def flag(table, suspects):
    return table.with_columns(suspect=c("user_hash").is_in(suspects.implode()).cast(pl.Int32))


def in_seconds(table):
    """Columns in milliseconds become columns in seconds: `dwell_ms` → `dwell_s`, `start_ms` → `start_ts`."""
    instants = {"start_ms": "start_ts", "last_ms": "last_ts", "first_open_ms": "first_open_ts"}
    columns = [name for name in table.columns if name.endswith("_ms")]
    return table.with_columns(c(columns) / 1000).rename(
        {name: instants.get(name, name.removesuffix("_ms") + "_s") for name in columns}
    )


def write(name, table):
    folder = job.out / name
    folder.mkdir(parents=True, exist_ok=True)
    table = table.drop("user_hash", strict=False)
    table.write_parquet(folder / "all.parquet", compression="snappy")
    table.write_csv(folder / "all.csv")


main()
