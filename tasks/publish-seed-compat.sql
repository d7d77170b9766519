-- The original exercise's formula: all rows of a user, a merchant and a date that open something, duplicates included, and no timeout.
-- Reads the view staged_row; variables day, flyer_open and item_open.

-- name: average
-- Whole microseconds, half up: floor(a / n + 1/2).
CREATE TEMP TABLE average AS
SELECT user_id, nullif(merchant_id, '') AS merchant_id,
  (2 * 1000 * (max(instant_ms) - min(instant_ms)) + count(*)) // (2 * count(*)) AS micros
FROM staged_row
WHERE event IN (getvariable('flyer_open'), getvariable('item_open'))
GROUP BY ALL;

-- name: seed_compat
-- Spark 3.0 leaves out the parts that are zero, and prints the fraction of a second without zeros at its end.
SELECT user_id, merchant_id, getvariable('day')::DATE AS day,
  CASE WHEN micros = 0 THEN '0 seconds' ELSE concat_ws(' ',
    CASE WHEN micros >= 3600000000 THEN (micros // 3600000000) || ' hours' END,
    CASE WHEN micros % 3600000000 >= 60000000 THEN (micros % 3600000000 // 60000000) || ' minutes' END,
    CASE WHEN micros % 60000000 > 0
      THEN rtrim(rtrim(printf('%d.%06d', micros % 60000000 // 1000000, micros % 1000000), '0'), '.') || ' seconds' END
  ) END AS avg_time,
  micros / 1000000 AS "avg_time_in_Sec"
FROM average
