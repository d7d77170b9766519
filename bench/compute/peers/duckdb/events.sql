-- Events of a bucket, each once (R4), in the rules' order (R5), with the merchants that could be filled in.

-- The hot loop works on a 64-bit hash instead of 64 characters; the text comes back at the end.
CREATE OR REPLACE TEMP TABLE users AS
  SELECT
    user_hash,
    CASE WHEN min(user_id) = max(user_id) THEN min(user_id) ELSE error('two users have one hash') END AS user_id
  FROM bucket
  GROUP BY user_hash;

CREATE OR REPLACE TEMP TABLE events AS
  WITH sorted AS (
    SELECT
      user_hash,
      -- One number that sorts like (instant, rank of the event, unknown flyer first).
      (instant_ms * 8 + event_rank) * 2 + (bucket.flyer_id <> '')::INT AS moment,
      offset_min,
      bucket.flyer_id,
      coalesce(sole_merchants.merchant_id, bucket.merchant_id) AS merchant_id
    FROM bucket
    LEFT JOIN sole_merchants
      ON sole_merchants.flyer_id = CASE WHEN bucket.merchant_id = '' AND bucket.flyer_id <> '' THEN bucket.flyer_id END
      AND sole_merchants.local_day = (instant_ms + offset_min * 60000) // 86400000
    -- Of equal events the one with the earliest local date comes first.
    ORDER BY user_hash, moment, bucket.flyer_id, merchant_id, offset_min
  )
  SELECT *
  FROM sorted
  -- Windows without partition and order stream over the sorted rows: no second sort.
  QUALIFY (
    user_hash = lag(user_hash) OVER ()
    AND moment = lag(moment) OVER ()
    AND flyer_id = lag(flyer_id) OVER ()
    AND merchant_id = lag(merchant_id) OVER ()
  ) IS NOT TRUE;
