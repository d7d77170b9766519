-- Bring a day's buckets together: merchants, flyers and data quality (R13 to R16). A user is in one bucket, so users are counted by
-- counting rows. Dwell is summed in whole milliseconds: a sum of doubles would depend on the order of its terms.
-- Reads the views flyer_views, user_flyer_day, clean_events and flyer_place over all buckets, and the variables day, status, long_gap_s,
-- bounce_s and k_min_users.

-- name: merchants and flyers
-- Suspects are out (R13), and so are flyers of no known merchant: there is nobody whose row they would belong to.
CREATE TEMP TABLE view_sum AS
SELECT merchant_id, flyer_id, count(*) AS views, count(dwell_s) AS measured_views,
  count(*) FILTER (tail_s IS NULL AND observed_s > 0) AS partial_views,
  sum(round(dwell_s * 1000)::BIGINT)::BIGINT AS dwell_ms,
  sum(round(least(max_gap_s, dwell_s) * 1000)::BIGINT) FILTER (max_gap_s > getvariable('long_gap_s') AND dwell_s IS NOT NULL)::BIGINT AS long_gap_ms,
  count(*) FILTER (dwell_s < getvariable('bounce_s')) AS bounce_views,
  sum(item_opens)::BIGINT AS item_opens,
  quantile_cont(dwell_s, [0.5, 0.9]) AS view_quantiles
FROM flyer_views
WHERE suspect = 0 AND merchant_id IS NOT NULL
GROUP BY GROUPING SETS ((merchant_id), (merchant_id, flyer_id));

CREATE TEMP TABLE user_sum AS
WITH flyer_user AS (
  SELECT user_id, merchant_id, flyer_id, round(dwell_s * 1000)::BIGINT AS dwell_ms
  FROM user_flyer_day
  WHERE suspect = 0 AND merchant_id IS NOT NULL
), merchant_user AS (
  SELECT merchant_id, sum(dwell_ms)::BIGINT AS dwell_ms FROM flyer_user GROUP BY user_id, merchant_id
)
SELECT merchant_id, flyer_id, count(*) AS users, count(dwell_ms) AS measured_users, quantile_cont(dwell_ms / 1000, [0.5, 0.9]) AS user_quantiles
FROM flyer_user GROUP BY merchant_id, flyer_id
UNION ALL
SELECT merchant_id, NULL, count(*), count(dwell_ms), quantile_cont(dwell_ms / 1000, [0.5, 0.9])
FROM merchant_user GROUP BY merchant_id;

CREATE TEMP TABLE favorite_sum AS
SELECT merchant_id, flyer_id, count(*) AS favorites
FROM clean_events
WHERE event = 'favorite' AND suspect = 0 AND merchant_id IS NOT NULL
GROUP BY GROUPING SETS ((merchant_id), (merchant_id, flyer_id))
HAVING grouping(flyer_id) = 1 OR flyer_id IS NOT NULL;

-- One row per merchant (flyer_id NULL) and per flyer, nothing hidden yet.
CREATE TEMP TABLE metric AS
SELECT v.merchant_id, v.flyer_id, u.users, u.measured_users, v.views, v.measured_views,
  (v.views - v.measured_views) / v.views AS unmeasured_share, v.partial_views / v.views AS partial_share,
  v.dwell_ms / 1000 AS dwell_s,
  v.dwell_ms / 1000 / nullif(u.measured_users, 0) AS avg_dwell_per_user_s,
  u.user_quantiles[1] AS median_dwell_per_user_s, u.user_quantiles[2] AS p90_dwell_per_user_s,
  v.dwell_ms / 1000 / nullif(v.measured_views, 0) AS avg_dwell_per_view_s,
  v.view_quantiles[1] AS median_dwell_per_view_s, v.view_quantiles[2] AS p90_dwell_per_view_s,
  v.bounce_views, v.bounce_views / nullif(v.measured_views, 0) AS bounce_share,
  v.item_opens, v.item_opens / v.views AS item_opens_per_view,
  CASE WHEN v.dwell_ms > 0 THEN coalesce(v.long_gap_ms, 0) / v.dwell_ms END AS long_gap_share,
  coalesce(f.favorites, 0) AS favorites
FROM view_sum AS v
JOIN user_sum AS u ON u.merchant_id = v.merchant_id AND u.flyer_id IS NOT DISTINCT FROM v.flyer_id
LEFT JOIN favorite_sum AS f ON f.merchant_id = v.merchant_id AND f.flyer_id IS NOT DISTINCT FROM v.flyer_id;

-- name: suppression
-- R16. A single hidden flyer of a shown merchant could be had by subtraction: the smallest shown one is hidden with it. The same goes
-- for favourites.
CREATE TEMP TABLE hidden AS
WITH small AS (
  SELECT merchant_id, flyer_id, users, measured_users, dwell_s, favorites,
    measured_users < getvariable('k_min_users') AS is_small,
    favorites BETWEEN 1 AND getvariable('k_min_users') - 1 AS has_few_favorites
  FROM metric
), placed AS (
  SELECT *, count(*) FILTER (is_small) OVER siblings AS small_siblings,
    row_number() OVER (siblings ORDER BY is_small, measured_users, dwell_s, flyer_id) AS smallest_no
  FROM small
  WINDOW siblings AS (PARTITION BY merchant_id, flyer_id IS NULL)
), row_hidden AS (
  SELECT *, is_small OR (flyer_id IS NOT NULL AND small_siblings = 1 AND smallest_no = 1) AS is_hidden FROM placed
), favorites_placed AS (
  SELECT *, count(*) FILTER (favorites > 0 AND (is_hidden OR has_few_favorites)) OVER siblings AS few_siblings,
    row_number() OVER (siblings ORDER BY favorites = 0 OR is_hidden OR has_few_favorites, favorites, flyer_id) AS fewest_no
  FROM row_hidden
  WINDOW siblings AS (PARTITION BY merchant_id, flyer_id IS NULL)
)
SELECT merchant_id, flyer_id, is_hidden,
  has_few_favorites OR (flyer_id IS NOT NULL AND few_siblings = 1 AND fewest_no = 1 AND favorites > 0) AS hides_favorites
FROM favorites_placed;

-- A hidden row has NULLs for metrics. The columns stay in the tables' order.
CREATE TEMP TABLE shown AS
SELECT m.merchant_id, m.flyer_id, CASE WHEN NOT h.is_hidden THEN columns(m.* EXCLUDE (merchant_id, flyer_id, favorites)) END,
  CASE WHEN NOT h.is_hidden AND NOT h.hides_favorites THEN m.favorites END AS favorites,
  h.is_hidden::INTEGER AS suppressed
FROM metric AS m
JOIN hidden AS h ON h.merchant_id = m.merchant_id AND h.flyer_id IS NOT DISTINCT FROM m.flyer_id;

-- name: merchant_day
SELECT getvariable('day')::DATE AS day, merchant_id, CASE WHEN suppressed = 0 THEN f.flyers END AS flyers,
  s.* EXCLUDE (merchant_id, flyer_id), getvariable('status') AS status
FROM shown AS s
JOIN (SELECT merchant_id, count(*) AS flyers FROM metric WHERE flyer_id IS NOT NULL GROUP BY merchant_id) AS f USING (merchant_id)
WHERE s.flyer_id IS NULL

-- name: flyer_day
SELECT getvariable('day')::DATE AS day, merchant_id, flyer_id, s.* EXCLUDE (merchant_id, flyer_id),
  CASE WHEN suppressed = 0 THEN
    row_number() OVER (PARTITION BY merchant_id, suppressed ORDER BY dwell_s DESC NULLS LAST, users DESC, flyer_id)
  END::INTEGER AS rank,
  getvariable('status') AS status
FROM shown AS s
WHERE flyer_id IS NOT NULL

-- name: rejected_events
SELECT getvariable('day')::DATE AS day, source, line, reason, detail, raw FROM rejected_row

-- name: rejected by reason
SELECT reason, count(*)::DOUBLE AS count FROM rejected_row GROUP BY reason

-- name: table counters
SELECT name, value::DOUBLE AS value FROM (
  SELECT 'flyer_ids_with_several_merchants' AS name, count(*) AS value FROM (
    SELECT flyer_id FROM flyer_place WHERE is_of_day AND flyer_id IS NOT NULL AND merchant_id IS NOT NULL
    GROUP BY flyer_id HAVING count(DISTINCT merchant_id) > 1
  )
  UNION ALL
  SELECT unnest(['views', 'unmeasured_views', 'views_of_unknown_merchant']),
    unnest([count(*), count(*) FILTER (measured = 0), count(*) FILTER (merchant_id IS NULL)])
  FROM flyer_views
)

-- name: dq_day
SELECT getvariable('day')::DATE AS day, name AS "check", value::BIGINT AS value FROM dq_counter
