-- Views of a bucket (R6-R11). The flyer on the screen before an event can only be that of the last placement before it, so
-- whether an event ends a view does not depend on earlier endings, and windows can tell; no recursion is needed.
CREATE OR REPLACE TEMP TABLE views AS
  WITH neighbours AS (
    SELECT
      *,
      moment >> 4 AS instant_ms,
      (moment >> 1) & 7 AS event_rank,
      event_rank IN (2, 3) AND flyer_id <> '' AS is_placement,
      coalesce(user_hash = lag(user_hash) OVER (), false) AS is_same_user,
      (moment >> 4) - lag(moment >> 4) OVER () AS gap_ms,
      CASE WHEN user_hash = lead(user_hash) OVER () THEN lead(moment) OVER () END AS next_moment
    FROM events
  ),
  placed AS (
    SELECT
      *,
      -- May still be that of the user before: a user's first event is a break, whatever was open.
      last_value(CASE WHEN is_placement THEN flyer_id END IGNORE NULLS) OVER so_far AS placed_flyer_id,
      last_value(CASE WHEN is_placement THEN merchant_id END IGNORE NULLS) OVER so_far AS placed_merchant_id
    FROM neighbours
    WINDOW so_far AS (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
  ),
  before AS (
    SELECT
      *,
      lag(placed_flyer_id) OVER () AS open_flyer_id,
      lag(placed_merchant_id) OVER () AS open_merchant_id
    FROM placed
  ),
  breaks AS (
    SELECT
      *,
      NOT is_same_user
        OR gap_ms > getvariable('inactivity_timeout_ms')
        OR CASE
          WHEN is_placement THEN flyer_id <> open_flyer_id OR merchant_id <> open_merchant_id
          -- item_open of an unknown flyer, favorite
          WHEN event_rank IN (3, 4) THEN merchant_id <> '' AND merchant_id <> open_merchant_id
          -- flyer_close
          WHEN event_rank = 0 THEN flyer_id = '' OR (flyer_id = open_flyer_id AND merchant_id = open_merchant_id)
          ELSE true
        END AS is_break
    FROM before
  ),
  numbered AS (
    SELECT
      *,
      sum(is_break::INT) OVER so_far AS view_no,
      last_value(CASE WHEN is_placement THEN true WHEN is_break THEN false END IGNORE NULLS) OVER so_far AS is_in_view
    FROM breaks
    WINDOW so_far AS (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
  ),
  viewed AS (
    SELECT
      any_value(user_hash) AS user_hash,
      any_value(flyer_id) FILTER (is_placement) AS flyer_id,
      any_value(merchant_id) FILTER (is_placement) AS merchant_id,
      -- Start, origin and offset of the first event in one number, for one aggregate.
      min((moment >> 1) * 4096 + offset_min + 2048) AS first_event,
      max(instant_ms) AS last_ms,
      count(*) AS n_events,
      count(*) FILTER (event_rank = 3 AND (flyer_id <> '' OR merchant_id <> '')) AS item_opens,
      count(*) FILTER (event_rank = 2) AS flyer_opens,
      -- What comes after the last event of the view; events of a view are in the order of `moment`.
      max(coalesce(next_moment, getvariable('never'))) AS end_moment,
      max(CASE
        WHEN (next_moment >> 4) - instant_ms <= getvariable('inactivity_timeout_ms')
        THEN (next_moment >> 4) - instant_ms
        ELSE 0
      END) AS max_gap_ms
    FROM numbered
    WHERE is_in_view
    GROUP BY view_no
  ),
  measured AS (
    SELECT
      *,
      first_event >> 15 AS start_ms,
      CASE (first_event >> 12) & 7 WHEN 2 THEN 'flyer_open' ELSE 'item_open' END AS origin,
      last_ms - start_ms AS observed_ms,
      CASE
        WHEN (end_moment >> 4) - last_ms <= getvariable('inactivity_timeout_ms') THEN (end_moment >> 4) - last_ms
      END AS tail_ms,
      tail_ms IS NOT NULL OR observed_ms > 0 AS is_measured,
      observed_ms + coalesce(tail_ms, 0) AS full_ms,
      CASE WHEN is_measured THEN least(full_ms, getvariable('max_view_ms')) END AS dwell_ms
    FROM viewed
    WHERE (first_event >> 15) + ((first_event & 4095) - 2048) * 60000 - getvariable('day_start_ms') BETWEEN 0 AND 86399999
  )
  SELECT
    user_hash,
    merchant_id,
    flyer_id,
    origin,
    start_ms,
    last_ms,
    n_events,
    item_opens,
    flyer_opens - (origin = 'flyer_open')::INT AS reopens,
    CASE
      WHEN tail_ms IS NULL THEN
        CASE
          WHEN end_moment = getvariable('never')
            AND getvariable('as_of_ms') - last_ms <= getvariable('inactivity_timeout_ms') THEN 'end_of_data'
          ELSE 'timeout'
        END
      WHEN (end_moment >> 1) & 7 = 0 THEN 'close'
      WHEN (end_moment >> 1) & 7 IN (2, 3) AND end_moment & 1 = 1 THEN 'switch'
      ELSE 'leave'
    END AS end_reason,
    observed_ms,
    tail_ms,
    dwell_ms,
    max_gap_ms,
    (is_measured AND full_ms > getvariable('max_view_ms'))::INT AS capped
  FROM measured;
