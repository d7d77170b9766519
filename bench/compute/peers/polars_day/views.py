"""Events in order, and the views in them (R4-R11)."""

import polars as pl

from peer_job import DAY_MS, FAVORITE, FLYER_CLOSE, FLYER_OPEN, ITEM_OPEN

c = pl.col


def in_order(events):
    """Each event once (R4), in the rules' order (R5), with its neighbours' instants."""
    moment = ["user_hash", "instant_ms", "event_rank", "flyer_id", "merchant_id"]
    is_again = pl.all_horizontal(c(name) == c(name).shift() for name in moment)
    is_placement = c("event_rank").is_in([FLYER_OPEN, ITEM_OPEN]) & (c("flyer_id") != "")
    is_last = (c("user_hash") != c("user_hash").shift(-1)).fill_null(True)
    return (
        events.sort(*moment, "local_ms")
        .filter(~is_again.fill_null(False))
        .with_columns(
            is_placement=is_placement,
            is_first=(c("user_hash") != c("user_hash").shift()).fill_null(True),
            gap_ms=c("instant_ms").diff(),
            next_ms=pl.when(is_last).then(None).otherwise(c("instant_ms").shift(-1)),
            next_rank=c("event_rank").shift(-1),
            next_is_placement=is_placement.shift(-1),
        )
        .collect()
    )


def views_of(events, job):
    """Views (R6-R11): an event can only end the view of the last placement before it."""
    as_of_ms = events["instant_ms"].max()

    def placed(name):
        value = pl.when("is_placement").then(c(name)).when("is_first").then(pl.lit(""))
        return value.forward_fill().shift()

    open_flyer, open_merchant = placed("flyer_id"), placed("merchant_id")
    is_elsewhere = (c("flyer_id") != open_flyer) | (c("merchant_id") != open_merchant)
    breaks = (
        pl.when("is_placement")
        .then(is_elsewhere)
        .when(c("event_rank").is_in([ITEM_OPEN, FAVORITE]))
        .then((c("merchant_id") != "") & (c("merchant_id") != open_merchant))
        .when(c("event_rank") == FLYER_CLOSE)
        .then((c("flyer_id") == "") | ~is_elsewhere)
        .otherwise(True)
    )
    is_break = c("is_first") | (c("gap_ms") > job.timeout_ms).fill_null(True) | breaks.fill_null(True)
    is_in_view = pl.when("is_placement").then(True).when("is_break").then(False)
    next_gap = c("next_ms") - c("instant_ms")
    is_counted_item = (c("event_rank") == ITEM_OPEN) & ((c("flyer_id") != "") | (c("merchant_id") != ""))
    observed = c("last_ms") - c("start_ms")
    full = observed + c("tail_ms").fill_null(0)
    return (
        events.lazy()
        .with_columns(is_break=is_break)
        .with_columns(view=c("is_break").cum_sum(), is_in_view=is_in_view.forward_fill())
        .filter("is_in_view")
        .group_by("view", maintain_order=False)
        .agg(
            c("user_id", "user_hash", "merchant_id", "flyer_id").filter("is_placement").first(),
            c("event_rank").first().alias("origin_rank"),
            c("local_ms").first(),
            c("instant_ms").first().alias("start_ms"),
            c("instant_ms").last().alias("last_ms"),
            pl.len().alias("n_events"),
            is_counted_item.sum().alias("item_opens"),
            (c("event_rank") == FLYER_OPEN).sum().alias("flyer_opens"),
            pl.when(next_gap <= job.timeout_ms).then(next_gap).otherwise(0).max().alias("max_gap_ms"),
            c("next_ms", "next_rank", "next_is_placement").last(),
        )
        .filter(c("local_ms").is_between(job.day_start_ms, job.day_start_ms + DAY_MS - 1))
        .with_columns(
            tail_ms=pl.when(c("next_ms") - c("last_ms") <= job.timeout_ms).then(c("next_ms") - c("last_ms")),
            observed_ms=observed,
        )
        .with_columns(
            dwell_ms=pl.when(c("tail_ms").is_not_null() | (observed > 0)).then(
                pl.min_horizontal(full, pl.lit(job.max_view_ms))
            ),
            capped=(full > job.max_view_ms).cast(pl.Int32),
        )
        .select(
            "user_id",
            "user_hash",
            pl.lit(job.day).alias("day"),
            unknown_as_null("merchant_id"),
            "flyer_id",
            pl.when(c("origin_rank") == FLYER_OPEN)
            .then(pl.lit("flyer_open"))
            .otherwise(pl.lit("item_open"))
            .alias("origin"),
            "start_ms",
            "last_ms",
            "n_events",
            "item_opens",
            (c("flyer_opens") - (c("origin_rank") == FLYER_OPEN).cast(pl.Int64)).alias("reopens"),
            end_reason(as_of_ms, job).alias("end_reason"),
            "observed_ms",
            "tail_ms",
            "dwell_ms",
            "max_gap_ms",
            c("dwell_ms").is_not_null().cast(pl.Int32).alias("measured"),
            "capped",
        )
        .collect()
    )


def end_reason(as_of_ms, job):
    is_end_of_data = c("next_ms").is_null() & (as_of_ms - c("last_ms") <= job.timeout_ms)
    return (
        pl.when(c("tail_ms").is_null() & is_end_of_data)
        .then(pl.lit("end_of_data"))
        .when(c("tail_ms").is_null())
        .then(pl.lit("timeout"))
        .when(c("next_rank") == FLYER_CLOSE)
        .then(pl.lit("close"))
        .when("next_is_placement")
        .then(pl.lit("switch"))
        .otherwise(pl.lit("leave"))
    )


def unknown_as_null(name):
    return pl.when(c(name) != "").then(c(name)).alias(name)
