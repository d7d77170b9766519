"""Small documents of a lake, from a directory or from S3 (with the usual AWS_... variables)."""

import os
from pathlib import Path

from pyarrow import fs


def read_text(lake: str, key: str) -> str | None:
    """The document as a text; None when there is none."""
    if not lake.startswith("s3://"):
        path = Path(lake) / key
        return path.read_text() if path.exists() else None
    s3 = fs.S3FileSystem(
        endpoint_override=os.environ.get("AWS_ENDPOINT_URL"),
        region=os.environ.get("AWS_REGION"),
    )
    try:
        with s3.open_input_stream(f"{lake.removeprefix('s3://')}/{key}") as stream:
            return stream.read().decode()
    except FileNotFoundError:
        return None
