"""User × flyer × day, user × day, suspects (R13, R14)."""

from pyspark.sql import functions as f

from peer_job import DAY_MS

c = f.col


def facts_of(views, job):
    return views.groupBy("user_id", "day", "merchant_id", "flyer_id").agg(
        f.count("*").alias("views"),
        f.count("dwell_ms").alias("measured_views"),
        f.sum(f.when(c("dwell_ms") < job.bounce_ms, 1).otherwise(0)).alias("bounce_views"),
        f.sum("item_opens").alias("item_opens"),
        f.min("start_ms").alias("first_open_ms"),
        f.sum("dwell_ms").alias("dwell_ms"),
    )


def users_of(facts):
    dwell_s = c("dwell_ms") / 1000
    return (
        facts.groupBy("user_id", "day", "suspect")
        .agg(
            f.count("*").alias("flyers"),
            f.count("dwell_ms").alias("measured_flyers"),
            f.sum("views").alias("views"),
            f.sum("measured_views").alias("measured_views"),
            f.sum("item_opens").alias("item_opens"),
            f.sum("dwell_ms").alias("dwell_ms"),
            (f.percentile("dwell_ms", 0.5) / 1000).alias("median_time_on_flyer_s"),
        )
        .select(
            "user_id",
            "day",
            "flyers",
            "measured_flyers",
            "views",
            "measured_views",
            "item_opens",
            dwell_s.alias("dwell_s"),
            (dwell_s / c("measured_flyers")).alias("avg_time_on_flyer_s"),
            (dwell_s / c("measured_views")).alias("avg_time_per_view_s"),
            "median_time_on_flyer_s",
            "suspect",
        )
    )


def suspects_of(events, job):
    of_day = events.where(c("local_ms").between(job.day_start_ms, job.day_start_ms + DAY_MS - 1))
    many = of_day.groupBy("user_id").count().where(c("count") > job.suspect_events_per_day)
    minute = f.floor(c("instant_ms") / 60_000)
    fast = of_day.groupBy("user_id", minute).count().where(c("count") > job.suspect_events_per_minute)
    found = many.select("user_id").union(fast.select("user_id")).distinct().collect()
    return [row.user_id for row in found]
