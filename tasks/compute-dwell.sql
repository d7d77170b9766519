-- What the rules made of a bucket: the tables of its users, and what the report needs of them. The tables view_row, flyer_row and user_row
-- were filled in the order of the published tables' keys, and numbers sort like their texts: those files need no sort. But a COPY of a
-- join does not keep the order when several threads read the left side: OVER () has it read from beginning to end. -1 stands for
-- NULL. Times *_rel_ms count from day_start_ms.
-- Variables: day, day_start_ms, bucket, long_gap_ms, users_path, places_path; and events_path, on the connection that reads the events.

-- name: dictionaries
CREATE TEMP TABLE bucket_user AS FROM read_parquet(getvariable('users_path'));

-- A place is what an event says of flyer and merchant. Flyers are numbered in the order of the fact's key, merchants by id; unknown is -1.
CREATE TEMP TABLE place AS
SELECT place_no, flyer_id, merchant_id,
  CASE WHEN flyer_id IS NULL THEN -1
    ELSE row_number() OVER (ORDER BY flyer_id IS NULL, merchant_id NULLS FIRST, flyer_id) - 1 END::INTEGER AS flyer_no,
  CASE WHEN merchant_id IS NULL THEN -1 ELSE dense_rank() OVER (ORDER BY merchant_id NULLS FIRST) END::INTEGER AS merchant_no
FROM read_parquet(getvariable('places_path'));

CREATE TEMP TABLE flyer AS
SELECT flyer_no, merchant_no, flyer_id, merchant_id FROM place WHERE flyer_no >= 0;

-- name: place numbers
SELECT flyer_no, merchant_no FROM place ORDER BY place_no

-- name: events
SELECT user_no, rel_ms, day_no, code, place_no FROM read_parquet(getvariable('events_path'))

-- name: event count
SELECT count(*)::DOUBLE AS count FROM read_parquet(getvariable('events_path'))

-- name: flyer_views
SELECT u.user_id, getvariable('day')::DATE AS day, p.merchant_id, p.flyer_id, v.view_no, o.text AS origin,
  (getvariable('day_start_ms') + v.start_rel_ms) / 1000 AS start_ts,
  (getvariable('day_start_ms') + v.start_rel_ms + v.observed_ms) / 1000 AS last_ts,
  v.n_events, v.item_opens, v.reopens, r.text AS end_reason, v.observed_ms / 1000 AS observed_s,
  CASE WHEN v.tail_ms >= 0 THEN v.tail_ms / 1000 END AS tail_s,
  CASE WHEN v.dwell_ms >= 0 THEN v.dwell_ms / 1000 END AS dwell_s,
  v.max_gap_ms / 1000 AS max_gap_s, (v.dwell_ms >= 0)::INTEGER AS measured, v.capped::INTEGER AS capped,
  u.is_suspect::INTEGER AS suspect
FROM (SELECT *, row_number() OVER () AS row_no FROM view_row) AS v
JOIN bucket_user AS u USING (user_no)
JOIN flyer AS p USING (flyer_no)
JOIN event_word AS o ON o.code = v.origin
JOIN end_word AS r ON r.code = v.end_reason

-- name: user_flyer_day
SELECT u.user_id, getvariable('day')::DATE AS day, p.merchant_id, p.flyer_id, f.views, f.measured_views, f.bounce_views, f.item_opens,
  (getvariable('day_start_ms') + f.first_open_rel_ms) / 1000 AS first_open_ts,
  CASE WHEN f.dwell_ms >= 0 THEN f.dwell_ms / 1000 END AS dwell_s, u.is_suspect::INTEGER AS suspect
FROM (SELECT *, row_number() OVER () AS row_no FROM flyer_row) AS f
JOIN bucket_user AS u USING (user_no)
JOIN flyer AS p USING (flyer_no)

-- name: user_day
-- R14: sums of numerators over sums of denominators; NULL, never 0, where nothing was measured.
SELECT u.user_id, getvariable('day')::DATE AS day, d.flyers, d.measured_flyers, d.views, d.measured_views, d.item_opens,
  CASE WHEN d.measured_views > 0 THEN d.dwell_ms / 1000 END AS dwell_s,
  CASE WHEN d.measured_flyers > 0 THEN d.dwell_ms / 1000 / d.measured_flyers END AS avg_time_on_flyer_s,
  CASE WHEN d.measured_views > 0 THEN d.dwell_ms / 1000 / d.measured_views END AS avg_time_per_view_s,
  CASE WHEN d.measured_flyers > 0 THEN d.median_flyer_ms / 1000 END AS median_time_on_flyer_s,
  u.is_suspect::INTEGER AS suspect
FROM (SELECT *, row_number() OVER () AS row_no FROM user_row) AS d
JOIN bucket_user AS u USING (user_no)

-- name: shown
-- What merchants may be told of: no suspects (R13), and no flyers of an unknown merchant, who would be nobody's.
CREATE TEMP VIEW shown_view AS
SELECT v.*, f.merchant_no
FROM view_row AS v JOIN bucket_user AS u USING (user_no) JOIN flyer AS f USING (flyer_no)
WHERE NOT u.is_suspect AND f.merchant_no >= 0;

CREATE TEMP VIEW shown_flyer AS
SELECT r.*, f.merchant_no
FROM flyer_row AS r JOIN bucket_user AS u USING (user_no) JOIN flyer AS f USING (flyer_no)
WHERE NOT u.is_suspect AND f.merchant_no >= 0;

-- name: flyer sums
-- Of each flyer that was viewed, what adds up over buckets.
SELECT getvariable('bucket')::INTEGER AS bucket, f.flyer_no, f.merchant_no, f.merchant_id, f.flyer_id,
  count(*) FILTER (v.tail_ms < 0 AND v.observed_ms > 0) AS partial_views,
  coalesce(sum(least(v.max_gap_ms, v.dwell_ms)) FILTER (v.dwell_ms >= 0 AND v.max_gap_ms > getvariable('long_gap_ms')), 0)::BIGINT AS long_gap_ms,
  sum(v.item_opens)::BIGINT AS item_opens
FROM shown_view AS v JOIN flyer AS f USING (flyer_no)
GROUP BY ALL
ORDER BY f.flyer_no

-- name: dwell values
-- Every single dwell, which quantiles need: 0 of views, 1 of users by flyer, 2 of users by merchant. Negative: unmeasured.
SELECT getvariable('bucket')::INTEGER AS bucket, 0::TINYINT AS of_what, flyer_no AS no, dwell_ms::BIGINT AS dwell_ms FROM shown_view
UNION ALL
SELECT getvariable('bucket')::INTEGER, 1, flyer_no, dwell_ms::BIGINT FROM shown_flyer
UNION ALL
SELECT getvariable('bucket')::INTEGER, 2, merchant_no, coalesce(sum(dwell_ms) FILTER (dwell_ms >= 0), -1)::BIGINT
FROM shown_flyer
GROUP BY user_no, merchant_no

-- name: counters
SELECT count(*)::DOUBLE AS views, count(*) FILTER (dwell_ms < 0)::DOUBLE AS unmeasured_views,
  count(*) FILTER (merchant_no < 0)::DOUBLE AS views_of_unknown_merchant
FROM view_row JOIN flyer USING (flyer_no)
