"""Merchants of the day (R13-R16)."""

import polars as pl

from polars_day.facts import known_sum

c = pl.col


def merchants_of(views, facts, job):
    per_user = (
        facts.lazy()
        .filter(c("suspect") == 0, c("merchant_id").is_not_null())
        .group_by("merchant_id", "user_hash")
        .agg(c("views", "measured_views", "bounce_views", "item_opens").sum(), known_sum("dwell_ms") / 1000)
        .group_by("merchant_id")
        .agg(
            pl.len().alias("users"),
            c("dwell_ms").count().alias("measured_users"),
            c("views", "measured_views", "bounce_views", "item_opens").sum(),
            c("dwell_ms").sum().alias("dwell_s"),
            c("dwell_ms").median().alias("median_dwell_per_user_s"),
            c("dwell_ms").quantile(0.9, "linear").alias("p90_dwell_per_user_s"),
        )
    )
    dwell_s = c("dwell_ms") / 1000
    per_view = (
        views.lazy()
        .filter(c("suspect") == 0)
        .group_by("merchant_id")
        .agg(
            c("flyer_id").n_unique().alias("flyers"),
            (c("tail_ms").is_null() & (c("observed_ms") > 0)).sum().alias("partial_views"),
            dwell_s.median().alias("median_dwell_per_view_s"),
            dwell_s.quantile(0.9, "linear").alias("p90_dwell_per_view_s"),
        )
    )
    metrics = [
        c("flyers"),
        c("users"),
        c("measured_users"),
        c("views"),
        c("measured_views"),
        (1 - c("measured_views") / c("views")).alias("unmeasured_share"),
        (c("partial_views") / c("views")).alias("partial_share"),
        c("dwell_s"),
        (c("dwell_s") / c("measured_users")).alias("avg_dwell_per_user_s"),
        c("median_dwell_per_user_s"),
        c("p90_dwell_per_user_s"),
        (c("dwell_s") / c("measured_views")).alias("avg_dwell_per_view_s"),
        c("median_dwell_per_view_s"),
        c("p90_dwell_per_view_s"),
        c("bounce_views"),
        (c("bounce_views") / c("measured_views")).alias("bounce_share"),
        c("item_opens"),
        (c("item_opens") / c("views")).alias("item_opens_per_view"),
    ]
    is_shown = c("measured_users") >= job.k_min_users
    return (
        per_user.join(per_view, on="merchant_id")
        .select(
            pl.lit(job.day).alias("day"),
            "merchant_id",
            *[pl.when(is_shown).then(metric).alias(metric.meta.output_name()) for metric in metrics],
            (~is_shown).cast(pl.Int32).alias("suppressed"),
        )
        .collect()
    )
