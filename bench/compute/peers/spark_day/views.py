"""Views (R5-R11), by windows per user."""

from pyspark.sql import Window
from pyspark.sql import functions as f

from peer_job import DAY_MS, FAVORITE, FLYER_CLOSE, FLYER_OPEN, ITEM_OPEN

c = f.col


def views_of(events, as_of_ms, job):
    """Views (R6-R11): an event can only end the view of the last placement before it."""
    # In the rules' order (R5).
    user = Window.partitionBy("user_id").orderBy("instant_ms", "event_rank", "flyer_id", "merchant_id")
    so_far = user.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    before = user.rowsBetween(Window.unboundedPreceding, -1)

    def last_placed(name):
        return f.last(f.when(c("is_placement"), c(name)), ignorenulls=True).over(before)

    is_placement = c("event_rank").isin(FLYER_OPEN, ITEM_OPEN) & (c("flyer_id") != "")
    is_elsewhere = (c("flyer_id") != c("open_flyer_id")) | (c("merchant_id") != c("open_merchant_id"))
    breaks = (
        f.when(c("is_placement"), is_elsewhere)
        .when(
            c("event_rank").isin(ITEM_OPEN, FAVORITE),
            (c("merchant_id") != "") & (c("merchant_id") != c("open_merchant_id")),
        )
        .when(c("event_rank") == FLYER_CLOSE, (c("flyer_id") == "") | ~is_elsewhere)
        .otherwise(True)
    )
    is_break = f.coalesce((c("gap_ms") > job.timeout_ms) | breaks, f.lit(True))
    is_in_view = f.when(c("is_placement"), True).when(c("is_break"), False)
    is_counted_item = (c("event_rank") == ITEM_OPEN) & ((c("flyer_id") != "") | (c("merchant_id") != ""))
    next_gap = c("next.instant_ms") - c("instant_ms")
    numbered = (
        events.withColumn("is_placement", is_placement)
        .withColumn("event", f.struct("instant_ms", "event_rank", "is_placement"))
        .select(
            "*",
            (c("instant_ms") - f.lag("instant_ms").over(user)).alias("gap_ms"),
            f.lead("event").over(user).alias("next"),
            last_placed("flyer_id").alias("open_flyer_id"),
            last_placed("merchant_id").alias("open_merchant_id"),
            f.row_number().over(user).alias("row"),
        )
        .withColumn("is_break", is_break)
        .select(
            "*",
            f.sum(c("is_break").cast("int")).over(so_far).alias("view"),
            f.last(is_in_view, ignorenulls=True).over(so_far).alias("is_in_view"),
        )
    )
    viewed = (
        numbered.where("is_in_view")
        .groupBy("user_id", "view")
        .agg(
            f.max(f.when(c("is_placement"), c("merchant_id"))).alias("merchant_id"),
            f.max(f.when(c("is_placement"), c("flyer_id"))).alias("flyer_id"),
            f.min(f.struct("row", "instant_ms", "event_rank", "local_ms")).alias("first"),
            f.max(f.struct("row", "instant_ms", "next")).alias("last"),
            f.count("*").alias("n_events"),
            f.sum(is_counted_item.cast("int")).alias("item_opens"),
            f.sum((c("event_rank") == FLYER_OPEN).cast("int")).alias("flyer_opens"),
            f.max(f.when(next_gap <= job.timeout_ms, next_gap).otherwise(0)).alias("max_gap_ms"),
        )
        .where(c("first.local_ms").between(job.day_start_ms, job.day_start_ms + DAY_MS - 1))
    )
    tail = c("last.next.instant_ms") - c("last.instant_ms")
    full = c("observed_ms") + f.coalesce("tail_ms", f.lit(0))
    is_flyer_open = c("first.event_rank") == FLYER_OPEN
    return (
        viewed.withColumn("observed_ms", c("last.instant_ms") - c("first.instant_ms"))
        .withColumn("tail_ms", f.when(tail <= job.timeout_ms, tail))
        .select(
            "user_id",
            f.lit(job.day).alias("day"),
            f.nullif("merchant_id", f.lit("")).alias("merchant_id"),
            "flyer_id",
            f.when(is_flyer_open, "flyer_open").otherwise("item_open").alias("origin"),
            c("first.instant_ms").alias("start_ms"),
            c("last.instant_ms").alias("last_ms"),
            "n_events",
            "item_opens",
            (c("flyer_opens") - is_flyer_open.cast("int")).alias("reopens"),
            end_reason(as_of_ms, job).alias("end_reason"),
            "observed_ms",
            "tail_ms",
            f.when(c("tail_ms").isNotNull() | (c("observed_ms") > 0), f.least(full, f.lit(job.max_view_ms))).alias(
                "dwell_ms"
            ),
            "max_gap_ms",
            (full > job.max_view_ms).cast("int").alias("capped"),
        )
        .withColumn("measured", c("dwell_ms").isNotNull().cast("int"))
    )


def end_reason(as_of_ms, job):
    is_end_of_data = c("last.next").isNull() & (as_of_ms - c("last.instant_ms") <= job.timeout_ms)
    return (
        f.when(c("tail_ms").isNull() & is_end_of_data, "end_of_data")
        .when(c("tail_ms").isNull(), "timeout")
        .when(c("last.next.event_rank") == FLYER_CLOSE, "close")
        .when(c("last.next.is_placement"), "switch")
        .otherwise("leave")
    )
