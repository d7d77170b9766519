-- Merchants over all buckets (R13-R16). Needs relations `merchant_users` and `flyer_views`.
WITH per_user AS (
  SELECT
    merchant_id,
    count(*) AS users,
    count(dwell_s) AS measured_users,
    sum(views) AS views,
    sum(measured_views) AS measured_views,
    sum(bounce_views) AS bounce_views,
    sum(item_opens) AS item_opens,
    sum(dwell_s) AS dwell_s,
    median(dwell_s) AS median_dwell_per_user_s,
    quantile_cont(dwell_s, 0.9) AS p90_dwell_per_user_s
  FROM merchant_users
  GROUP BY merchant_id
),
per_view AS (
  SELECT
    merchant_id,
    count(DISTINCT flyer_id) AS flyers,
    count(*) FILTER (tail_s IS NULL AND observed_s > 0) AS partial_views,
    median(dwell_s) AS median_dwell_per_view_s,
    quantile_cont(dwell_s, 0.9) AS p90_dwell_per_view_s
  FROM flyer_views
  WHERE suspect = 0
  GROUP BY merchant_id
)
SELECT
  getvariable('day') AS day,
  merchant_id,
  flyers,
  users,
  measured_users,
  views,
  measured_views,
  1 - measured_views / views AS unmeasured_share,
  partial_views / views AS partial_share,
  dwell_s,
  dwell_s / measured_users AS avg_dwell_per_user_s,
  median_dwell_per_user_s,
  p90_dwell_per_user_s,
  dwell_s / measured_views AS avg_dwell_per_view_s,
  median_dwell_per_view_s,
  p90_dwell_per_view_s,
  bounce_views,
  bounce_views / measured_views AS bounce_share,
  item_opens,
  item_opens / views AS item_opens_per_view,
  0 AS suppressed
FROM per_user
JOIN per_view USING (merchant_id)
WHERE measured_users >= getvariable('k_min_users')
UNION ALL BY NAME
SELECT getvariable('day') AS day, merchant_id, 1 AS suppressed
FROM per_user
WHERE measured_users < getvariable('k_min_users')
