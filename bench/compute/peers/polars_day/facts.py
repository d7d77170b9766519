"""User × flyer × day, user × day, suspects (R13, R14)."""

import polars as pl

from peer_job import DAY_MS

c = pl.col


def facts_of(views, job):
    return (
        views.lazy()
        .group_by("user_hash", "day", "merchant_id", "flyer_id")
        .agg(
            c("user_id").first(),
            pl.len().alias("views"),
            c("dwell_ms").count().alias("measured_views"),
            (c("dwell_ms") < job.bounce_ms).sum().alias("bounce_views"),
            c("item_opens").sum(),
            c("start_ms").min().alias("first_open_ms"),
            known_sum("dwell_ms"),
        )
        .select(
            "user_id",
            "user_hash",
            "day",
            "merchant_id",
            "flyer_id",
            "views",
            "measured_views",
            "bounce_views",
            "item_opens",
            "first_open_ms",
            "dwell_ms",
        )
        .collect()
    )


def users_of(facts):
    return (
        facts.lazy()
        .group_by("user_hash", "day")
        .agg(
            c("user_id").first(),
            pl.len().alias("flyers"),
            c("dwell_ms").count().alias("measured_flyers"),
            c("views", "measured_views", "item_opens").sum(),
            known_sum("dwell_ms") / 1000,
            (c("dwell_ms").median() / 1000).alias("median_time_on_flyer_s"),
        )
        .select(
            "user_id",
            "user_hash",
            "day",
            "flyers",
            "measured_flyers",
            "views",
            "measured_views",
            "item_opens",
            c("dwell_ms").alias("dwell_s"),
            (c("dwell_ms") / c("measured_flyers")).alias("avg_time_on_flyer_s"),
            (c("dwell_ms") / c("measured_views")).alias("avg_time_per_view_s"),
            "median_time_on_flyer_s",
        )
        .collect()
    )


def suspects_of(events, job):
    of_day = events.lazy().filter(c("local_ms").is_between(job.day_start_ms, job.day_start_ms + DAY_MS - 1))
    many = of_day.group_by("user_hash").len().filter(c("len") > job.suspect_events_per_day)
    fast = (
        of_day.group_by("user_hash", c("instant_ms") // 60_000).len().filter(c("len") > job.suspect_events_per_minute)
    )
    return pl.concat([many.select("user_hash"), fast.select("user_hash")]).unique().collect()["user_hash"]


def known_sum(name):
    """NULL, not 0, when no value is known."""
    return pl.when(c(name).count() > 0).then(c(name).sum()).alias(name)
