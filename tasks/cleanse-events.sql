-- Cleanse one bucket of one day: rules R2 to R5 and R13. Users and places (what an event says of flyer and merchant) become
-- numbers in code-point order of their texts, so that sorting numbers sorts texts; the texts come back when a file is written.
--
-- Reads the views day_row, earlier_row and later_row (columns of a staged event), and the variables
--   day_start_ms        midnight of the day as if UTC, epoch ms; rel_ms below counts from it
--   horizon_end_ms      local end of the horizon (R12), as if UTC, epoch ms
--   timeout_ms          inactivity timeout
--   first_instant_ms    no event of the day is earlier, epoch ms
--   has_ids, has_received_at    whether any row carries an event_id or seq, or when it was received
--   as_of_rel_ms, allowed_lateness_ms, events_per_day_max, events_per_minute_max

-- name: macros
CREATE TEMP MACRO trimmed(id) AS regexp_replace(coalesce(id, ''), '^\s+|\s+$', '', 'g');

-- R2: words that mean nothing, bare or in brackets; %3G is a misspelt %3E that real drops have.
CREATE TEMP MACRO is_null_word(id) AS regexp_full_match(
  trimmed(id),
  '(?i)(null|none|nil|nan|undefined|n/a|\\N)|<(null|none|nil|nan|undefined|n/a|\\N)?>|%3C(null|none|nil|nan|undefined|n/a|\\N)?%3[EG]'
);

CREATE TEMP MACRO known_id(id) AS
  CASE WHEN regexp_full_match(trimmed(id), '[A-Za-z0-9_-]{1,64}') AND NOT is_null_word(id) THEN trimmed(id) END;

CREATE TEMP MACRO day_no_of(local_rel_ms) AS floor(local_rel_ms / 86400000)::TINYINT;

-- name: optional columns
SELECT count(event_id) + count(seq) > 0 AS ids, count(seq) > 0 AS seq, count(received_ms) > 0 AS received
FROM (FROM day_row UNION ALL FROM earlier_row UNION ALL FROM later_row)

-- name: horizon
-- The horizon reaches back to the midnight before (R12). Of those events only some can matter: those of users who were active less
-- than a timeout before the day's first instant, whose view may go on, and those that were sent again as the day's (R4). Rows of older
-- days are among them only as far as their files were needed: they may be copies, of one instant, of later local days.
CREATE TEMP TABLE carried_row AS
WITH active_user AS (
  SELECT user_id FROM earlier_row
  WHERE instant_ms >= getvariable('first_instant_ms') - getvariable('timeout_ms')
  UNION
  SELECT e.user_id FROM earlier_row AS e
  SEMI JOIN (FROM day_row WHERE getvariable('has_ids') AND event_id IS NOT NULL) AS d
    ON hash(d.user_id, d.event_id) = hash(e.user_id, e.event_id)
  WHERE e.event_id IS NOT NULL AND e.local_ms >= getvariable('day_start_ms') - 86400000
)
SELECT * FROM earlier_row SEMI JOIN active_user USING (user_id);

CREATE TEMP VIEW horizon_row AS
SELECT *, 0::TINYINT AS day_no FROM day_row
UNION ALL
SELECT *, day_no_of(local_ms - getvariable('day_start_ms')) AS day_no
FROM (FROM carried_row UNION ALL FROM later_row)
WHERE local_ms <= getvariable('horizon_end_ms');

-- Every way in which flyer and merchant are written, with what it means: an id is understood once, not once a row.
CREATE TEMP TABLE spelling AS
SELECT *, known_id(flyer_text) AS flyer_id, known_id(merchant_text) AS merchant_id
FROM (
  SELECT day_no, flyer_id AS flyer_text, merchant_id AS merchant_text, count(*) AS row_count
  FROM horizon_row
  GROUP BY ALL
);

-- name: events
-- R3: the table only_merchant says which merchant a flyer of unknown merchant has.
CREATE TEMP TABLE meaning AS
SELECT s.day_no, s.flyer_text, s.merchant_text, s.flyer_id, coalesce(s.merchant_id, o.merchant_id) AS merchant_id,
  s.merchant_id IS NULL AND o.merchant_id IS NOT NULL AS is_filled
FROM spelling AS s LEFT JOIN only_merchant AS o ON o.day_no = s.day_no AND o.flyer_id = s.flyer_id;

CREATE TEMP TABLE place AS
SELECT (row_number() OVER (ORDER BY flyer_id NULLS FIRST, merchant_id NULLS FIRST) - 1)::INTEGER AS place_no,
  flyer_id, merchant_id, bool_or(day_no = 0) AS is_of_day
FROM meaning
GROUP BY flyer_id, merchant_id;

CREATE TEMP TABLE place_of_text AS
SELECT m.day_no, m.flyer_text, m.merchant_text, p.place_no, m.is_filled
FROM meaning AS m
JOIN place AS p ON p.flyer_id IS NOT DISTINCT FROM m.flyer_id AND p.merchant_id IS NOT DISTINCT FROM m.merchant_id;

-- Only users with an event of the day can have a view of the day.
CREATE TEMP TABLE bucket_user AS
SELECT (row_number() OVER (ORDER BY user_id) - 1)::INTEGER AS user_no, user_id
FROM (SELECT DISTINCT user_id FROM day_row);

CREATE TEMP VIEW numbered_event AS
SELECT u.user_no, (r.instant_ms - getvariable('day_start_ms'))::INTEGER AS rel_ms, r.event AS code, p.place_no,
  (r.local_ms - r.instant_ms)::INTEGER AS offset_ms, p.is_filled, r.event_id, r.seq, r.drop_ref
FROM horizon_row AS r
JOIN bucket_user AS u USING (user_id)
JOIN place_of_text AS p
  ON p.day_no = r.day_no AND p.flyer_text IS NOT DISTINCT FROM r.flyer_id AND p.merchant_text IS NOT DISTINCT FROM r.merchant_id;

-- What R4 drops: the drop that it came with, and when it was.
CREATE TEMP TABLE dropped_event (drop_ref UINTEGER, local_rel_ms INTEGER);

-- name: sort plain events
-- Columns that no drop carries are not dragged through the sort.
CREATE TEMP TABLE sorted_event AS
SELECT user_no, rel_ms, code, place_no, offset_ms, is_filled, drop_ref
FROM numbered_event
ORDER BY ALL;

-- name: sort events with ids
CREATE TEMP TABLE sorted_event AS
FROM numbered_event
ORDER BY user_no, rel_ms, code, place_no, offset_ms, is_filled, seq NULLS LAST, event_id NULLS LAST, drop_ref;

-- name: drop repeated ids
-- R4: two events of one id are the same event; the one with the earliest local time stays. Ids of before the horizon are forgotten (R12):
-- which older rows are here depends on how files were cut. Few ids are there twice: a hash finds the candidates, and only they are
-- compared. Deleting keeps the order of the other rows.
CREATE TEMP TABLE repeated_id AS
SELECT id_hash
FROM (SELECT hash(user_no, event_id) AS id_hash FROM sorted_event WHERE event_id IS NOT NULL AND rel_ms + offset_ms >= -86400000)
GROUP BY id_hash
HAVING count(*) > 1;

CREATE TEMP TABLE repeated_row AS
SELECT row_id FROM (
  SELECT *, rowid AS row_id FROM sorted_event
  WHERE event_id IS NOT NULL AND rel_ms + offset_ms >= -86400000 AND hash(user_no, event_id) IN (SELECT id_hash FROM repeated_id)
)
QUALIFY row_number() OVER (
  PARTITION BY user_no, event_id
  ORDER BY rel_ms + offset_ms, rel_ms, code, place_no, is_filled, seq NULLS LAST, drop_ref
) > 1;

INSERT INTO dropped_event SELECT drop_ref, rel_ms + offset_ms FROM sorted_event WHERE rowid IN (SELECT row_id FROM repeated_row);
DELETE FROM sorted_event WHERE rowid IN (SELECT row_id FROM repeated_row);

-- name: drop duplicates
-- R4 by content: sorted, duplicates stand side by side, the one with the earliest local date first. A table is read in the order
-- in which it was filled, so OVER () needs no second sort. Two numbers are compared as one: each lag is a column to drag along.
CREATE TEMP TABLE duplicate_row AS
SELECT row_id FROM (SELECT rowid AS row_id, user_no * 4294967296 + rel_ms AS who_when, code * 4294967296 + place_no AS what FROM sorted_event)
QUALIFY who_when = lag(who_when) OVER () AND what = lag(what) OVER ();

INSERT INTO dropped_event SELECT drop_ref, rel_ms + offset_ms FROM sorted_event WHERE rowid IN (SELECT row_id FROM duplicate_row);
DELETE FROM sorted_event WHERE rowid IN (SELECT row_id FROM duplicate_row);

-- name: order by sequence
-- R5: among the events of one instant the client's own numbering comes first.
CREATE OR REPLACE TEMP TABLE sorted_event AS
FROM sorted_event ORDER BY user_no, rel_ms, seq NULLS LAST, code, place_no;

-- name: kept plain events
CREATE TEMP VIEW kept_event AS
SELECT *, NULL::VARCHAR AS event_id, NULL::BIGINT AS seq, rel_ms + offset_ms AS local_rel_ms, local_rel_ms BETWEEN 0 AND 86399999 AS is_of_day
FROM sorted_event;

-- name: kept events with ids
CREATE TEMP VIEW kept_event AS
SELECT *, rel_ms + offset_ms AS local_rel_ms, local_rel_ms BETWEEN 0 AND 86399999 AS is_of_day
FROM sorted_event;

-- name: users
-- R13, and where each user's events begin among those of the day. Only who has more events in the day than the limit of a minute can have
-- had more in one minute.
CREATE TEMP TABLE clean_user AS
WITH day_count AS (
  SELECT user_no, count(*) AS events FROM kept_event WHERE is_of_day GROUP BY user_no
), busy_minute AS (
  SELECT DISTINCT user_no
  FROM kept_event SEMI JOIN (FROM day_count WHERE events > getvariable('events_per_minute_max')) USING (user_no)
  WHERE is_of_day
  GROUP BY user_no, floor(rel_ms / 60000)
  HAVING count(*) > getvariable('events_per_minute_max')
)
SELECT user_no, user_id, coalesce(sum(events) OVER (ORDER BY user_no) - events, 0)::BIGINT AS events_before,
  coalesce(events > getvariable('events_per_day_max'), FALSE) OR user_no IN (SELECT user_no FROM busy_minute) AS is_suspect
FROM bucket_user LEFT JOIN day_count USING (user_no)
ORDER BY user_no;

-- name: drop counts
SELECT drop_ref // 65536 AS "fileNo", drop_ref % 65536 AS "dropNo", sum(kept)::DOUBLE AS "keptCount", sum(dropped)::DOUBLE AS "duplicateCount"
FROM (
  SELECT drop_ref, count(*) AS kept, 0 AS dropped FROM kept_event WHERE is_of_day GROUP BY drop_ref
  UNION ALL
  SELECT drop_ref, 0, count(*) FROM dropped_event WHERE local_rel_ms BETWEEN 0 AND 86399999 GROUP BY drop_ref
)
GROUP BY drop_ref
ORDER BY drop_ref

-- name: clean events
SELECT u.user_id, getvariable('day')::DATE AS day, (e.row_no - u.events_before)::INTEGER AS event_no, (getvariable('day_start_ms') + e.rel_ms) / 1000 AS ts,
  (e.offset_ms // 1000)::INTEGER AS utc_offset_s, w.text AS event, p.flyer_id, p.merchant_id, e.is_filled::INTEGER AS merchant_filled,
  e.event_id, e.seq AS client_seq, u.is_suspect::INTEGER AS suspect
FROM (SELECT *, row_number() OVER () AS row_no FROM kept_event WHERE is_of_day) AS e
JOIN clean_user AS u USING (user_no)
JOIN place AS p USING (place_no)
JOIN event_word AS w USING (code)

-- name: horizon events
SELECT user_no, rel_ms, CASE WHEN is_of_day THEN 0 ELSE day_no_of(local_rel_ms) END::TINYINT AS day_no, code, place_no
FROM kept_event
WHERE local_rel_ms >= -86400000

-- name: horizon users
SELECT user_no, user_id, is_suspect FROM clean_user

-- name: horizon places
SELECT place_no, flyer_id, merchant_id, is_of_day, coalesce(favorites, 0) AS favorites
FROM place LEFT JOIN (
  SELECT place_no, count(*) AS favorites
  FROM kept_event JOIN clean_user USING (user_no)
  WHERE is_of_day AND code = 4 AND NOT is_suspect
  GROUP BY place_no
) USING (place_no)
ORDER BY place_no

-- name: counters
-- Additive over buckets (a digit is seen in as many); the report turns some of them into shares. What is 0 has no row, but for the totals.
WITH clock AS (
  SELECT (local_rel_ms // 3600000)::TINYINT AS hour, offset_ms, count(*) AS events,
    bit_or(1 << (local_rel_ms // 60000 % 10)) AS minute_digits, bit_or(1 << (local_rel_ms // 1000 % 10)) AS second_digits
  FROM kept_event WHERE is_of_day
  GROUP BY ALL
), digit AS (
  SELECT unnest(range(10)) AS digit, bit_or(minute_digits) AS minute_digits, bit_or(second_digits) AS second_digits FROM clock
)
SELECT name, value::DOUBLE AS value FROM (
  SELECT 'rows_read' AS name, count(*) AS value FROM day_row
  UNION ALL
  SELECT unnest(['null_spelling_flyer', 'null_spelling_merchant', 'unusable_flyer_id', 'unusable_merchant_id']),
    unnest([
      sum(row_count) FILTER (is_null_word(flyer_text)),
      sum(row_count) FILTER (is_null_word(merchant_text)),
      sum(row_count) FILTER (flyer_id IS NULL AND trimmed(flyer_text) <> '' AND NOT is_null_word(flyer_text)),
      sum(row_count) FILTER (merchant_id IS NULL AND trimmed(merchant_text) <> '' AND NOT is_null_word(merchant_text))
    ])
  FROM spelling WHERE day_no = 0
  UNION ALL
  SELECT unnest(['events_kept', 'merchant_filled', 'events_after_as_of']),
    unnest([count(*), count(*) FILTER (is_filled), count(*) FILTER (rel_ms > getvariable('as_of_rel_ms'))])
  FROM kept_event WHERE is_of_day
  UNION ALL
  SELECT unnest(['rows_with_received_at', 'rows_received_late']),
    unnest([count(received_ms), count(*) FILTER (received_ms - instant_ms > getvariable('allowed_lateness_ms'))])
  FROM day_row WHERE getvariable('has_received_at')
  UNION ALL SELECT 'suspect_users', count(*) FROM clean_user WHERE is_suspect
  UNION ALL SELECT 'suspect_events', count(*) FROM kept_event SEMI JOIN (FROM clean_user WHERE is_suspect) USING (user_no) WHERE is_of_day
  UNION ALL SELECT 'events_in_hour_' || hour, sum(events) FROM clock GROUP BY 1
  UNION ALL SELECT 'minute_digit_seen_' || digit, minute_digits >> digit & 1 FROM digit
  UNION ALL SELECT 'second_digit_seen_' || digit, second_digits >> digit & 1 FROM digit
  UNION ALL SELECT 'events_at_utc_offset_min_' || offset_ms // 60000, sum(events) FROM clock GROUP BY 1
)
WHERE value > 0 OR name IN ('rows_read', 'events_kept')
