-- Clean: one pass over the drops. Rows that may be events (R1), known ids (R2). `drops` has the five columns as text.
-- Which rows are kept is asked where they are read again: a filter on computed columns would compute them twice here.
SELECT
  hash(user_id) AS user_hash,
  user_id,
  event_rank::UTINYINT AS event_rank,
  instant_ms,
  -- What the user's clock showed, minus UTC: the offset in the text.
  ((local_ms - instant_ms) // 60000)::SMALLINT AS offset_min,
  flyer_id,
  merchant_id
FROM (
  SELECT
    user_id,
    coalesce(event_rank(event), event_rank(lower(trim(event)))) AS event_rank,
    epoch_ms(try_cast("timestamp" AS TIMESTAMPTZ)) AS instant_ms,
    -- This cast ignores the offset: the wall clock.
    epoch_ms(try_cast("timestamp" AS TIMESTAMP)) AS local_ms,
    known_id(flyer_id) AS flyer_id,
    known_id(merchant_id) AS merchant_id
  FROM drops
  WHERE user_id <> ''
    AND regexp_full_match("timestamp", '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)')
)
