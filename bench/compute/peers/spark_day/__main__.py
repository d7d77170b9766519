"""Peer: the day with PySpark on one machine, local[threads]."""

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from peer_job import Job, Stages
from spark_day.clean import clean, deduplicated, fill_merchants
from spark_day.facts import facts_of, suspects_of, users_of
from spark_day.merchants import merchants_of
from spark_day.views import views_of

job = Job()
c = f.col


def main():
    stages = Stages()
    spark = start()
    stages.end("start")
    events = deduplicated(fill_merchants(clean(spark, job).cache())).cache()
    as_of_ms = events.agg(f.max("instant_ms")).first()[0] or 0
    suspects = suspects_of(events, job)
    stages.end("clean")
    views = flag(views_of(events, as_of_ms, job), suspects).cache()
    facts = flag(facts_of(views, job), suspects).cache()
    write("flyer_views", in_seconds(views))
    write("user_flyer_day", in_seconds(facts))
    write("user_day", users_of(facts))
    write("merchant_day", merchants_of(views, facts, job))
    stages.end("dwell and write")
    stages.report()
    spark.stop()


def start():
    return (
        SparkSession.builder.master(f"local[{job.threads}]")
        .appName("flyerline-bench")
        .config("spark.driver.memory", "6g")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.local.dir", str(job.scratch))
        .config("spark.sql.session.timeZone", "UTC")
        # Without ANSI mode a value that does not cast is NULL, as it has to be for dirty rows.
        .config("spark.sql.ansi.enabled", "false")
        # The default of 200 is meant for a cluster; adaptive execution joins what stays small.
        .config("spark.sql.shuffle.partitions", str(4 * job.threads))
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )


def flag(table, suspects):
    return table.withColumn("suspect", c("user_id").isin(suspects).cast("int") if suspects else f.lit(0))


def in_seconds(table):
    """Columns in milliseconds become columns in seconds: `dwell_ms` → `dwell_s`, `start_ms` → `start_ts`."""
    instants = {"start_ms": "start_ts", "last_ms": "last_ts", "first_open_ms": "first_open_ts"}
    for name in table.columns:
        if name.endswith("_ms"):
            seconds = instants.get(name, name.removesuffix("_ms") + "_s")
            table = table.withColumn(name, c(name) / 1000).withColumnRenamed(name, seconds)
    return table


def write(name, table):
    """Spark makes a folder of files of each format; both go into the table's."""
    folder = str(job.out / name)
    table.write.mode("append").parquet(folder)
    table.write.mode("append").option("header", True).csv(folder)


main()
