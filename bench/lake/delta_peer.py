"""Overwrites one partition of 1,000 rows again and again with deltalake; prints the times as JSON (ms)."""
import json
import sys
import time

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import write_deltalake

url, sample, commits, options = sys.argv[1], sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4])
table = pq.read_table(sample)
table = table.append_column("dt", table["day"])
times = []
for salt in range(commits):
    views = pc.add(table["views"], pa.scalar(salt, pa.int32()))
    rows = table.set_column(table.schema.get_field_index("views"), "views", views)
    start = time.perf_counter()
    write_deltalake(
        url,
        rows,
        partition_by=["dt"],
        mode="overwrite",
        predicate=None if salt == 0 else "dt = '2018-10-01'",
        storage_options=options,
    )
    times.append((time.perf_counter() - start) * 1000)
print(json.dumps(times))
