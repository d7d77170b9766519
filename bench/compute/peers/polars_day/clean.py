"""Rows that are events (R1), known ids (R2), only the horizon of the day (R12); gaps filled (R3)."""

import polars as pl

from peer_job import COLUMNS, DAY_MS, EVENT_NAMES, NULL_WORDS

c = pl.col


def clean(job):
    timestamp = c("timestamp")
    is_zulu = timestamp.str.ends_with("Z")
    wall_clock = pl.when(is_zulu).then(timestamp.str.head(-1)).otherwise(timestamp.str.head(-6))
    hours = timestamp.str.tail(6).str.head(3).cast(pl.Int32, strict=False)
    minutes = timestamp.str.tail(2).cast(pl.Int32, strict=False)
    sign = pl.when(timestamp.str.tail(6).str.starts_with("-")).then(-1).otherwise(1)
    return (
        read_drops(job)
        .filter(
            timestamp.str.contains(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"),
            c("user_id").str.len_bytes() > 0,
        )
        .select(
            "user_id",
            c("user_id").hash().alias("user_hash"),
            c("event")
            .str.strip_chars()
            .str.to_lowercase()
            .replace_strict(EVENT_NAMES, list(range(7)), default=None, return_dtype=pl.Int8)
            .alias("event_rank"),
            wall_clock.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="ms", strict=False)
            .dt.timestamp("ms")
            .alias("local_ms"),
            pl.when(is_zulu).then(0).otherwise(hours * 60 + minutes * sign).cast(pl.Int64).alias("offset_min"),
            known_id("flyer_id"),
            known_id("merchant_id"),
        )
        .with_columns(instant_ms=c("local_ms") - c("offset_min") * 60_000)
        .filter(
            c("event_rank").is_not_null(),
            c("local_ms").is_between(job.day_start_ms - DAY_MS, job.horizon_end_ms),
        )
        .collect()
    )


def read_drops(job):
    text = {name: pl.String for name in COLUMNS}
    if job.format == "ndjson":
        # scan_ndjson gives up at a line that was cut off, so lines are read as text first.
        lines = pl.scan_lines(job.drop_paths(), name="line")
        row = c("line").str.json_decode(pl.Struct(text))
        return lines.filter(c("line").str.ends_with("}")).select(row.alias("row")).unnest("row")
    return pl.scan_csv(job.drop_paths(), schema=text, ignore_errors=True, truncate_ragged_lines=True)


def known_id(name):
    id = c(name).str.strip_chars()
    is_known = id.str.contains(r"^[A-Za-z0-9_-]{1,64}$") & ~id.str.to_lowercase().is_in(NULL_WORDS)
    return pl.when(is_known).then(id).otherwise(pl.lit("")).alias(name)


def fill_merchants(events):
    """Gap filling (R3): the merchant of a flyer, where the events of a local day name exactly one."""
    events = events.with_columns(local_day=c("local_ms") // DAY_MS)
    sole = (
        events.lazy()
        .filter(c("flyer_id") != "", c("merchant_id") != "")
        .group_by("local_day", "flyer_id")
        .agg(c("merchant_id").min().alias("first"), c("merchant_id").max().alias("last"))
        .filter(c("first") == c("last"))
        .select("local_day", "flyer_id", sole_merchant="first")
    )
    filled = (
        events.lazy()
        .filter(c("flyer_id") != "", c("merchant_id") == "")
        .join(sole, on=["local_day", "flyer_id"], how="left")
        .with_columns(merchant_id=pl.coalesce("sole_merchant", "merchant_id"))
        .drop("sole_merchant")
    )
    others = events.lazy().filter(~((c("flyer_id") != "") & (c("merchant_id") == "")))
    return pl.concat([others, filled]).drop("local_day")
