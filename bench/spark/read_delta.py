"""Reads the sample table with Spark and Delta's jars, now and at older versions; prints what it sees as JSON.

Arguments: folder of the table, folder for the jars, older versions (JSON), what `flyerline snippet spark` prints for it.
The jars come from Maven Central on first use.
"""

import contextlib
import io
import json
import sys
import time

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

DELTA = "io.delta:delta-spark_2.13:4.4.0"


def main(table: str, jars: str, versions: list[int], snippet: str) -> dict:
    spark = start(jars)
    started = time.perf_counter()
    now = spark.read.format("delta").load(table)
    seen = {"version": version_of(spark, table), "spark": spark.version, "delta": DELTA, "days": days(now)}
    seen["readMs"] = (time.perf_counter() - started) * 1000
    seen["oneDay"] = days(now.where("dt = '2018-10-02'"))
    seen["columns"] = [[field.name, field.dataType.simpleString(), field.nullable] for field in now.schema.fields]
    seen["past"] = {
        version: days(spark.read.format("delta").option("versionAsOf", version).load(table)) for version in versions
    }
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(snippet, "snippet", "exec"), {"spark": spark})
    seen["snippetRows"] = spark.table("sample").count()
    spark.stop()
    return seen


def start(jars: str) -> SparkSession:
    return (
        SparkSession.builder.master("local[1]")
        .appName("flyerline-bench")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", "ERROR")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.jars.ivy", jars)
        .config("spark.jars.packages", DELTA)
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        # The defaults of 50 and 200 are meant for clusters.
        .config("spark.databricks.delta.snapshotPartitions", "1")
        .config("spark.sql.shuffle.partitions", "1")
        .getOrCreate()
    )


def version_of(spark: SparkSession, table: str) -> int:
    return spark.sql(f"DESCRIBE HISTORY delta.`{table}` LIMIT 1").first()["version"]


def days(rows: DataFrame) -> dict:
    """Rows, sum of ids and unknown dwells per day."""
    unknown = f.sum(f.col("dwell_s").isNull().cast("long"))
    by_day = rows.groupBy("dt").agg(f.count("id"), f.sum("id"), unknown).collect()
    return {str(day): [count, ids, unknown] for day, count, ids, unknown in by_day}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4])))
