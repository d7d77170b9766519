-- One row per user over a range of days, from the facts user × flyer × day (R14).

-- name: user
-- Averages are sums of numerators over sums of denominators; dwell is summed in whole milliseconds, so in any order.
WITH total AS (
  SELECT user_id, count(*)::INTEGER AS flyers, count(dwell_s)::INTEGER AS measured_flyers, sum(views)::INTEGER AS views,
    sum(measured_views)::INTEGER AS measured_views, sum(item_opens)::INTEGER AS item_opens,
    sum(round(dwell_s * 1000)::BIGINT) / 1000 AS dwell_s, median(dwell_s) AS median_time_on_flyer_s,
    count(DISTINCT day)::INTEGER AS active_days, count(DISTINCT day) FILTER (dwell_s IS NOT NULL)::INTEGER AS measured_days,
    max(suspect)::INTEGER AS suspect
  FROM user_flyer_day
  GROUP BY user_id
)
SELECT user_id, flyers, measured_flyers, views, measured_views, item_opens, dwell_s,
  dwell_s / nullif(measured_flyers, 0) AS avg_time_on_flyer_s,
  dwell_s / nullif(measured_views, 0) AS avg_time_per_view_s,
  median_time_on_flyer_s, active_days, measured_days,
  dwell_s / nullif(measured_days, 0) AS avg_daily_dwell_s, suspect
FROM total
