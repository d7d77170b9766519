-- Bring a day's buckets together: merchants, flyers and data quality (R14 to R16). A user is in one bucket, so users are counted by
-- counting rows. Dwell stays in whole milliseconds until the end: a sum of doubles would depend on the order of its terms.
-- Reads the views flyer_sum and dwell_value (see compute-dwell.sql), flyer_place (see cleanse-events.sql) and rejected_row, and the
-- variables day, status, bounce_ms, k_min_users, passes and pass.

-- name: groups
-- A group is a merchant (flyer_id NULL) or a flyer: a row of a table to be.
CREATE TEMP TABLE metric_group AS
SELECT (row_number() OVER (ORDER BY merchant_id, flyer_id NULLS FIRST) - 1)::INTEGER AS group_no, *
FROM (
  SELECT merchant_id, flyer_id, count(DISTINCT flyer_sum.flyer_id) AS flyers, sum(partial_views)::BIGINT AS partial_views,
    sum(long_gap_ms)::BIGINT AS long_gap_ms, sum(item_opens)::BIGINT AS item_opens
  FROM flyer_sum
  GROUP BY GROUPING SETS ((merchant_id), (merchant_id, flyer_id))
);

-- Buckets number flyers and merchants each for themselves: which values of a bucket are in which groups.
CREATE TEMP TABLE value_group AS
WITH flyer_group AS (
  SELECT s.bucket, s.flyer_no, s.merchant_no, f.group_no AS flyer_group, m.group_no AS merchant_group
  FROM flyer_sum AS s
  JOIN metric_group AS f ON f.merchant_id = s.merchant_id AND f.flyer_id = s.flyer_id
  JOIN metric_group AS m ON m.merchant_id = s.merchant_id AND m.flyer_id IS NULL
)
SELECT bucket, of_what, no, group_no, of_what = 0 AS is_view FROM (
  SELECT bucket, 0::TINYINT AS of_what, flyer_no AS no, unnest([flyer_group, merchant_group]) AS group_no FROM flyer_group
  UNION ALL SELECT bucket, 1, flyer_no, flyer_group FROM flyer_group
  UNION SELECT bucket, 2, merchant_no, merchant_group FROM flyer_group
);

CREATE TEMP TABLE group_dwell (
  group_no INTEGER, is_view BOOLEAN, members BIGINT, measured BIGINT, dwell_ms BIGINT, bounces BIGINT, quantiles_ms DOUBLE[]
);

-- name: measure
-- A quantile needs all values of its groups at once: a pass takes a part of the groups.
INSERT INTO group_dwell
SELECT g.group_no, g.is_view, count(*), count(*) FILTER (v.dwell_ms >= 0), sum(v.dwell_ms) FILTER (v.dwell_ms >= 0),
  count(*) FILTER (v.dwell_ms BETWEEN 0 AND getvariable('bounce_ms') - 1),
  quantile_cont(v.dwell_ms, [0.5, 0.9]) FILTER (v.dwell_ms >= 0)
FROM dwell_value AS v
JOIN (FROM value_group WHERE group_no % getvariable('passes') = getvariable('pass')) AS g USING (bucket, of_what, no)
GROUP BY g.group_no, g.is_view;

-- name: metrics
CREATE TEMP TABLE favorite_sum AS
SELECT merchant_id, flyer_id, sum(favorites)::BIGINT AS favorites
FROM (
  SELECT merchant_id, flyer_id, favorites FROM flyer_place WHERE flyer_id IS NOT NULL
  UNION ALL SELECT merchant_id, NULL, favorites FROM flyer_place
)
WHERE merchant_id IS NOT NULL
GROUP BY merchant_id, flyer_id;

-- One row per merchant and per flyer, nothing hidden yet.
CREATE TEMP TABLE metric AS
SELECT g.merchant_id, g.flyer_id, u.members AS users, u.measured AS measured_users, v.members AS views, v.measured AS measured_views,
  (v.members - v.measured) / v.members AS unmeasured_share, g.partial_views / v.members AS partial_share,
  v.dwell_ms / 1000 AS dwell_s,
  v.dwell_ms / 1000 / nullif(u.measured, 0) AS avg_dwell_per_user_s,
  u.quantiles_ms[1] / 1000 AS median_dwell_per_user_s, u.quantiles_ms[2] / 1000 AS p90_dwell_per_user_s,
  v.dwell_ms / 1000 / nullif(v.measured, 0) AS avg_dwell_per_view_s,
  v.quantiles_ms[1] / 1000 AS median_dwell_per_view_s, v.quantiles_ms[2] / 1000 AS p90_dwell_per_view_s,
  v.bounces AS bounce_views, v.bounces / nullif(v.measured, 0) AS bounce_share,
  g.item_opens, g.item_opens / v.members AS item_opens_per_view,
  CASE WHEN v.dwell_ms > 0 THEN g.long_gap_ms / v.dwell_ms END AS long_gap_share,
  coalesce(f.favorites, 0) AS favorites
FROM metric_group AS g
JOIN group_dwell AS v ON v.group_no = g.group_no AND v.is_view
JOIN group_dwell AS u ON u.group_no = g.group_no AND NOT u.is_view
LEFT JOIN favorite_sum AS f ON f.merchant_id = g.merchant_id AND f.flyer_id IS NOT DISTINCT FROM g.flyer_id;

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

-- name: merchant_metrics
SELECT getvariable('day')::DATE AS day, merchant_id, CASE WHEN suppressed = 0 THEN g.flyers END AS flyers,
  s.* EXCLUDE (merchant_id, flyer_id), getvariable('status') AS status
FROM shown AS s
JOIN (SELECT merchant_id, flyers FROM metric_group WHERE flyer_id IS NULL) AS g USING (merchant_id)
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

-- name: flyers of several merchants
SELECT count(*)::DOUBLE AS count FROM (
  SELECT flyer_id FROM flyer_place WHERE is_of_day AND flyer_id IS NOT NULL AND merchant_id IS NOT NULL
  GROUP BY flyer_id HAVING count(DISTINCT merchant_id) > 1
)

-- name: dq_day
SELECT getvariable('day')::DATE AS day, name AS "check", value::BIGINT AS value FROM dq_counter
