"""What a peer is asked to do, and what it answers: one JSON argument, one JSON line (see job.ts)."""

import json
import sys
import time
from datetime import date, datetime, timezone
from pathlib import Path

DAY_MS = 86_400_000
EVENT_NAMES = [
    "flyer_close",
    "list_flyers",
    "flyer_open",
    "item_open",
    "favorite",
    "shopping_list_open",
    "checkout",
]
FLYER_CLOSE, FLYER_OPEN, ITEM_OPEN, FAVORITE = 0, 2, 3, 4
NULL_WORDS = ["null", "none", "nil", "nan", "undefined"]
COLUMNS = ["timestamp", "user_id", "event", "flyer_id", "merchant_id"]
# Stands for an event that never comes, later than all others.
NEVER = 2**60


class Job:
    def __init__(self, arguments=sys.argv):
        given = json.loads(arguments[1])
        self.format = given["format"]
        self.out = Path(given["out"])
        self.scratch = Path(given["scratch"])
        self.threads = given["threads"]
        self.drops = Path(given["drops"])
        rules = given["rules"]
        self.day = date.fromisoformat(given["day"])
        midnight = datetime(self.day.year, self.day.month, self.day.day, tzinfo=timezone.utc)
        self.day_start_ms = int(midnight.timestamp() * 1000)
        self.timeout_ms = int(rules["inactivity_timeout_s"] * 1000)
        self.max_view_ms = int(rules["max_view_s"] * 1000)
        self.bounce_ms = int(rules["bounce_s"] * 1000)
        self.horizon_end_ms = self.day_start_ms + DAY_MS + self.max_view_ms + self.timeout_ms
        self.suspect_events_per_day = rules["suspect_events_per_day"]
        self.suspect_events_per_minute = rules["suspect_events_per_minute"]
        self.k_min_users = rules["k_min_users"]

    def drop_paths(self):
        return sorted(str(path) for path in self.drops.rglob(f"*.{self.format}"))


class Stages:
    """Wall time by stage: each `end` closes what began at the one before."""

    def __init__(self):
        self.ms = {}
        self.began = time.perf_counter()

    def end(self, name):
        now = time.perf_counter()
        self.ms[name] = (now - self.began) * 1000
        self.began = now

    def report(self):
        print(json.dumps({"stages": self.ms}), flush=True)
