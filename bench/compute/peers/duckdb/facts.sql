-- Facts of a bucket (R13, R14): suspects, then user × flyer × day, then user × day.

-- Only who has many events in a day can have many in a minute.
CREATE OR REPLACE TEMP TABLE suspects AS
  WITH day_events AS (
    SELECT user_hash, moment >> 4 AS instant_ms
    FROM events
    WHERE (moment >> 4) + offset_min * 60000 - getvariable('day_start_ms') BETWEEN 0 AND 86399999
  ),
  busy AS (
    SELECT user_hash, count(*) AS n_events
    FROM day_events
    GROUP BY user_hash
    HAVING n_events > least(getvariable('suspect_events_per_day'), getvariable('suspect_events_per_minute'))
  )
  SELECT user_hash FROM busy WHERE n_events > getvariable('suspect_events_per_day')
  UNION
  SELECT user_hash
  FROM day_events
  SEMI JOIN busy USING (user_hash)
  GROUP BY user_hash, instant_ms // 60000
  HAVING count(*) > getvariable('suspect_events_per_minute');

CREATE OR REPLACE TEMP TABLE user_flyer_day AS
  SELECT
    user_hash,
    merchant_id,
    flyer_id,
    count(*) AS views,
    count(dwell_ms) AS measured_views,
    count(*) FILTER (dwell_ms < getvariable('bounce_ms')) AS bounce_views,
    sum(item_opens)::BIGINT AS item_opens,
    min(start_ms) AS first_open_ms,
    sum(dwell_ms)::BIGINT AS dwell_ms
  FROM views
  GROUP BY ALL;
