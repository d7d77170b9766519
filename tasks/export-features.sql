-- Features of one day, from its published clean events and views. Whole numbers are summed, so equal input gives equal bytes.
-- Reads the views clean_event and flyer_view of the day, the table secret_pad, and the variables day, timeout_ms, bounce_s.

-- name: create
CREATE TEMP MACRO at_hour(hours, hour) AS coalesce(hours[hour], 0)::INTEGER;

CREATE TEMP TABLE user_key_of (user_id VARCHAR PRIMARY KEY, user_key VARCHAR);

-- name: keys
-- HMAC (RFC 2104): two hashes around the secret, padded to a block and masked; the pads are parameters, never text.
INSERT INTO user_key_of
SELECT user_id, sha256(opad || unhex(sha256(ipad || encode(user_id))))
FROM (SELECT DISTINCT user_id FROM clean_event) ANTI JOIN user_key_of USING (user_id), secret_pad;

-- name: sessions
CREATE OR REPLACE TEMP TABLE timed_event AS
SELECT user_id, event, ts, suspect, floor((ts + utc_offset_s) % 86400 / 3600)::INTEGER AS hour,
  coalesce(round((ts - lag(ts) OVER (PARTITION BY user_id ORDER BY event_no)) * 1000) > getvariable('timeout_ms'), TRUE) AS starts_session
FROM clean_event;

CREATE OR REPLACE TEMP TABLE session AS
SELECT user_id, ts, row_number() OVER (PARTITION BY user_id ORDER BY ts)::INTEGER AS session_no
FROM timed_event WHERE starts_session;

-- name: features_user_day
WITH event_sum AS (
  SELECT user_id, count(*) FILTER (event = 'favorite') AS favourites, count(*) FILTER (starts_session) AS sessions,
    histogram(hour) AS hours, max(suspect) AS suspect
  FROM timed_event GROUP BY user_id
), view_sum AS (
  SELECT user_id, count(*) AS views, count(DISTINCT (merchant_id, flyer_id)) AS flyers, count(DISTINCT merchant_id) AS merchants,
    count(dwell_s) AS measured_views, sum(round(dwell_s * 1000)::BIGINT) AS dwell_ms,
    quantile_cont(ln(1 + dwell_s), 0.5) AS log1p_dwell_median,
    count(*) FILTER (dwell_s < getvariable('bounce_s')) AS bounces, sum(item_opens) AS item_opens, count(*) FILTER (reopens > 0) AS reopened
  FROM flyer_view GROUP BY user_id
), top_merchant AS (
  SELECT user_id, max(views) AS views
  FROM (SELECT user_id, merchant_id, count(*) AS views FROM flyer_view WHERE merchant_id IS NOT NULL GROUP BY ALL)
  GROUP BY user_id
)
SELECT k.user_key, getvariable('day')::DATE AS day, coalesce(v.views, 0)::INTEGER AS views, coalesce(v.flyers, 0)::INTEGER AS flyers,
  coalesce(v.merchants, 0)::INTEGER AS merchants, v.dwell_ms / 1000 AS dwell_s, v.log1p_dwell_median,
  v.bounces / nullif(v.measured_views, 0) AS bounce_share, v.item_opens / v.views AS item_opens_per_view,
  v.reopened / v.views AS reopen_share, e.favourites::INTEGER AS favourites, e.sessions::INTEGER AS sessions,
  at_hour(e.hours, 0) AS hour_00, at_hour(e.hours, 1) AS hour_01, at_hour(e.hours, 2) AS hour_02, at_hour(e.hours, 3) AS hour_03,
  at_hour(e.hours, 4) AS hour_04, at_hour(e.hours, 5) AS hour_05, at_hour(e.hours, 6) AS hour_06, at_hour(e.hours, 7) AS hour_07,
  at_hour(e.hours, 8) AS hour_08, at_hour(e.hours, 9) AS hour_09, at_hour(e.hours, 10) AS hour_10, at_hour(e.hours, 11) AS hour_11,
  at_hour(e.hours, 12) AS hour_12, at_hour(e.hours, 13) AS hour_13, at_hour(e.hours, 14) AS hour_14, at_hour(e.hours, 15) AS hour_15,
  at_hour(e.hours, 16) AS hour_16, at_hour(e.hours, 17) AS hour_17, at_hour(e.hours, 18) AS hour_18, at_hour(e.hours, 19) AS hour_19,
  at_hour(e.hours, 20) AS hour_20, at_hour(e.hours, 21) AS hour_21, at_hour(e.hours, 22) AS hour_22, at_hour(e.hours, 23) AS hour_23,
  1 - v.measured_views / v.views AS unmeasured_share, coalesce(m.views, 0) / v.views AS merchant_share_top1,
  NULL::INTEGER AS days_since_last, e.suspect::INTEGER AS suspect
FROM event_sum AS e JOIN user_key_of AS k USING (user_id) LEFT JOIN view_sum AS v USING (user_id) LEFT JOIN top_merchant AS m USING (user_id)

-- name: features_view
SELECT k.user_key, getvariable('day')::DATE AS day, v.view_no, v.merchant_id, v.flyer_id, v.origin, v.start_ts, v.dwell_s,
  v.observed_s + coalesce(v.tail_s, 0) AS duration_s, (v.tail_s IS NOT NULL)::INTEGER AS ended, v.end_reason,
  lag(v.end_reason) OVER (PARTITION BY v.user_id ORDER BY v.view_no) AS previous_end_reason, v.n_events, v.item_opens, v.reopens,
  s.session_no, row_number() OVER (PARTITION BY v.user_id, s.session_no ORDER BY v.view_no)::INTEGER AS position_in_session, v.suspect
FROM flyer_view AS v ASOF JOIN session AS s ON v.user_id = s.user_id AND v.start_ts >= s.ts
JOIN user_key_of AS k ON k.user_id = v.user_id

-- name: days since
SELECT * REPLACE ((day - lag(day) OVER (PARTITION BY user_key ORDER BY day))::INTEGER AS days_since_last) FROM features_user_day_row
