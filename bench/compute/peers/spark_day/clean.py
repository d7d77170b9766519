"""Rows that are events (R1), known ids (R2), only the horizon of the day (R12); gaps filled (R3), each once (R4)."""

from pyspark.sql import functions as f

from peer_job import COLUMNS, DAY_MS, EVENT_NAMES, NULL_WORDS

c = f.col


def clean(spark, job):
    timestamp = c("timestamp")
    form = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"
    wall_clock = f.regexp_replace(timestamp, r"(Z|[+-]\d\d:\d\d)$", "")
    event = f.lower(f.trim("event"))
    rank = f.array_position(f.array(*[f.lit(name) for name in EVENT_NAMES]), event)
    return (
        read_drops(spark, job)
        .where(timestamp.rlike(form) & (f.length("user_id") > 0))
        .select(
            "user_id",
            (rank - 1).cast("tinyint").alias("event_rank"),
            milliseconds(f.to_timestamp(timestamp)).alias("instant_ms"),
            # The session's zone is UTC: the wall clock as if it were UTC.
            milliseconds(f.to_timestamp(wall_clock)).alias("local_ms"),
            known_id("flyer_id"),
            known_id("merchant_id"),
        )
        .where(
            (c("event_rank") >= 0)
            & c("instant_ms").isNotNull()
            & c("local_ms").between(job.day_start_ms - DAY_MS, job.horizon_end_ms)
        )
    )


def read_drops(spark, job):
    text = ", ".join(f"`{name}` string" for name in COLUMNS)
    if job.format == "ndjson":
        return spark.read.schema(text).json(job.drop_paths())
    return spark.read.schema(text).option("header", True).csv(job.drop_paths())


def milliseconds(timestamp):
    return f.floor(f.unix_micros(timestamp) / 1000).cast("long")


def known_id(name):
    id = f.trim(c(name))
    is_known = id.rlike("^[A-Za-z0-9_-]{1,64}$") & ~f.lower(id).isin(NULL_WORDS)
    return f.when(is_known, id).otherwise(f.lit("")).alias(name)


def fill_merchants(events):
    """Gap filling (R3): the merchant of a flyer, where the events of a local day name exactly one."""
    local_day = f.floor(c("local_ms") / DAY_MS)
    sole = (
        events.where((c("flyer_id") != "") & (c("merchant_id") != ""))
        .groupBy(local_day.alias("local_day"), "flyer_id")
        .agg(f.min("merchant_id").alias("sole"), f.max("merchant_id").alias("other"))
        .where(c("sole") == c("other"))
        .drop("other")
    )
    is_gap = (c("flyer_id") != "") & (c("merchant_id") == "")
    return (
        events.withColumn("local_day", local_day)
        .join(f.broadcast(sole), ["local_day", "flyer_id"], "left")
        .withColumn("merchant_id", f.when(is_gap, f.coalesce("sole", "merchant_id")).otherwise(c("merchant_id")))
        .drop("sole", "local_day")
    )


def deduplicated(events):
    """Each event once (R4), with the earliest of its local dates."""
    identity = ["user_id", "instant_ms", "event_rank", "flyer_id", "merchant_id"]
    return events.groupBy(*identity).agg(f.min("local_ms").alias("local_ms"))
