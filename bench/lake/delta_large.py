"""Writes a partition with deltalake, batch by batch from Parquet files: delta_large.py SOURCE TARGET DAY."""
import sys

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import write_deltalake

source, target, day = sys.argv[1:4]
# One column more, by which the table is partitioned.
rows = ds.dataset(source, format="parquet").scanner(batch_size=65_536, batch_readahead=4, fragment_readahead=1)
schema = rows.projected_schema.append(pa.field("dt", pa.string()))


def with_day():
    for batch in rows.to_batches():
        yield pa.record_batch([*batch.columns, pa.array([day] * len(batch))], schema=schema)


write_deltalake(target, pa.RecordBatchReader.from_batches(schema, with_day()), partition_by=["dt"])
