-- Users over a range of days, from the fact user × flyer × day alone (R14): one table, so one version of it.

-- name: create
CREATE TEMP TABLE user_row (
  user_id VARCHAR, flyers INTEGER, measured_flyers INTEGER, views INTEGER, measured_views INTEGER, item_opens INTEGER,
  dwell_ms BIGINT, median_ms DOUBLE, active_days INTEGER, measured_days INTEGER, suspect INTEGER
);

-- name: fill
-- From the view fact_of_pass. Whole milliseconds: their sum does not depend on the order, and equal input gives equal bytes.
INSERT INTO user_row
SELECT user_id, count(*), count(dwell_ms), sum(views), sum(measured_views), sum(item_opens), sum(dwell_ms),
  quantile_cont(dwell_ms, 0.5), count(DISTINCT day), count(DISTINCT day) FILTER (dwell_ms IS NOT NULL), max(suspect)
FROM (SELECT *, round(dwell_s * 1000)::BIGINT AS dwell_ms FROM fact_of_pass)
GROUP BY user_id;

-- name: user
-- NULL, never 0, where nothing was measured.
SELECT user_id, flyers, measured_flyers, views, measured_views, item_opens, dwell_ms / 1000 AS dwell_s,
  dwell_ms / 1000 / nullif(measured_flyers, 0) AS avg_time_on_flyer_s,
  dwell_ms / 1000 / nullif(measured_views, 0) AS avg_time_per_view_s,
  median_ms / 1000 AS median_time_on_flyer_s, active_days, measured_days,
  dwell_ms / 1000 / nullif(measured_days, 0) AS avg_daily_dwell_s, suspect
FROM user_row
