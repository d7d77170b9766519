"""Merchants of the day (R13-R16)."""

from pyspark.sql import functions as f

c = f.col


def merchants_of(views, facts, job):
    per_user = (
        facts.where((c("suspect") == 0) & c("merchant_id").isNotNull())
        .groupBy("merchant_id", "user_id")
        .agg(
            *[f.sum(name).alias(name) for name in ("views", "measured_views", "bounce_views", "item_opens")],
            (f.sum("dwell_ms") / 1000).alias("dwell_s"),
        )
        .groupBy("merchant_id")
        .agg(
            f.count("*").alias("users"),
            f.count("dwell_s").alias("measured_users"),
            *[f.sum(name).alias(name) for name in ("views", "measured_views", "bounce_views", "item_opens")],
            f.sum("dwell_s").alias("total_s"),
            f.percentile("dwell_s", 0.5).alias("median_dwell_per_user_s"),
            f.percentile("dwell_s", 0.9).alias("p90_dwell_per_user_s"),
        )
    )
    dwell_s = c("dwell_ms") / 1000
    is_partial = c("tail_ms").isNull() & (c("observed_ms") > 0)
    per_view = (
        views.where(c("suspect") == 0)
        .groupBy("merchant_id")
        .agg(
            f.count_distinct("flyer_id").alias("flyers"),
            f.sum(is_partial.cast("int")).alias("partial_views"),
            f.percentile(dwell_s, 0.5).alias("median_dwell_per_view_s"),
            f.percentile(dwell_s, 0.9).alias("p90_dwell_per_view_s"),
        )
    )
    metrics = {
        "flyers": c("flyers"),
        "users": c("users"),
        "measured_users": c("measured_users"),
        "views": c("views"),
        "measured_views": c("measured_views"),
        "unmeasured_share": 1 - c("measured_views") / c("views"),
        "partial_share": c("partial_views") / c("views"),
        "dwell_s": c("total_s"),
        "avg_dwell_per_user_s": c("total_s") / c("measured_users"),
        "median_dwell_per_user_s": c("median_dwell_per_user_s"),
        "p90_dwell_per_user_s": c("p90_dwell_per_user_s"),
        "avg_dwell_per_view_s": c("total_s") / c("measured_views"),
        "median_dwell_per_view_s": c("median_dwell_per_view_s"),
        "p90_dwell_per_view_s": c("p90_dwell_per_view_s"),
        "bounce_views": c("bounce_views"),
        "bounce_share": c("bounce_views") / c("measured_views"),
        "item_opens": c("item_opens"),
        "item_opens_per_view": c("item_opens") / c("views"),
    }
    is_shown = c("measured_users") >= job.k_min_users
    return per_user.join(per_view, "merchant_id").select(
        f.lit(job.day).alias("day"),
        "merchant_id",
        *[f.when(is_shown, metric).alias(name) for name, metric in metrics.items()],
        (~is_shown).cast("int").alias("suppressed"),
    )
