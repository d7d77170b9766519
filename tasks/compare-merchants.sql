-- Compare merchants with themselves on earlier days (R18). Reads the views own_metric, the day's merchant_metrics, and base_metric, those of
-- the seven days before.

-- name: merchant_day
-- A suppressed row has no figures: nothing is compared with it. Sums are of whole milliseconds: they have no order.
WITH base AS (
  SELECT day, merchant_id, users, views, measured_users, avg_dwell_per_user_s, round(dwell_s * 1000)::BIGINT AS dwell_ms
  FROM base_metric WHERE suppressed = 0
), week AS (
  SELECT merchant_id, sum(dwell_ms) / 1000 / sum(measured_users) AS avg_dwell_per_user_s, avg(users) AS users, avg(views) AS views
  FROM base
  GROUP BY merchant_id
  HAVING count(*) >= 4
)
SELECT m.*,
  m.avg_dwell_per_user_s / nullif(p.avg_dwell_per_user_s, 0) - 1 AS avg_dwell_per_user_s_vs_prev_day,
  m.avg_dwell_per_user_s / nullif(w.avg_dwell_per_user_s, 0) - 1 AS avg_dwell_per_user_s_vs_7d,
  m.avg_dwell_per_user_s / nullif(s.avg_dwell_per_user_s, 0) - 1 AS avg_dwell_per_user_s_vs_same_weekday,
  m.users / nullif(p.users, 0) - 1 AS users_vs_prev_day,
  m.users / nullif(w.users, 0) - 1 AS users_vs_7d,
  m.users / nullif(s.users, 0) - 1 AS users_vs_same_weekday,
  m.views / nullif(p.views, 0) - 1 AS views_vs_prev_day,
  m.views / nullif(w.views, 0) - 1 AS views_vs_7d,
  m.views / nullif(s.views, 0) - 1 AS views_vs_same_weekday
FROM own_metric AS m
LEFT JOIN base AS p ON p.merchant_id = m.merchant_id AND p.day = m.day - 1
LEFT JOIN base AS s ON s.merchant_id = m.merchant_id AND s.day = m.day - 7
LEFT JOIN week AS w ON w.merchant_id = m.merchant_id
