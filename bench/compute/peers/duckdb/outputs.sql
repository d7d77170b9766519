-- What is written of a bucket: hashes become users again, milliseconds seconds.
CREATE OR REPLACE TEMP VIEW flyer_views_rows AS
  SELECT
    user_id,
    getvariable('day') AS day,
    nullif(merchant_id, '') AS merchant_id,
    flyer_id,
    origin,
    start_ms / 1000 AS start_ts,
    last_ms / 1000 AS last_ts,
    n_events,
    item_opens,
    reopens,
    end_reason,
    observed_ms / 1000 AS observed_s,
    tail_ms / 1000 AS tail_s,
    dwell_ms / 1000 AS dwell_s,
    max_gap_ms / 1000 AS max_gap_s,
    (dwell_ms IS NOT NULL)::INT AS measured,
    capped,
    (suspects.user_hash IS NOT NULL)::INT AS suspect
  FROM views
  JOIN users USING (user_hash)
  LEFT JOIN suspects USING (user_hash);

CREATE OR REPLACE TEMP VIEW user_flyer_day_rows AS
  SELECT
    user_id,
    getvariable('day') AS day,
    nullif(merchant_id, '') AS merchant_id,
    flyer_id,
    views,
    measured_views,
    bounce_views,
    item_opens,
    first_open_ms / 1000 AS first_open_ts,
    dwell_ms / 1000 AS dwell_s,
    (suspects.user_hash IS NOT NULL)::INT AS suspect
  FROM user_flyer_day
  JOIN users USING (user_hash)
  LEFT JOIN suspects USING (user_hash);

CREATE OR REPLACE TEMP VIEW user_day_rows AS
  WITH per_user AS (
    SELECT
      user_hash,
      count(*) AS flyers,
      count(dwell_ms) AS measured_flyers,
      sum(views)::BIGINT AS views,
      sum(measured_views)::BIGINT AS measured_views,
      sum(item_opens)::BIGINT AS item_opens,
      sum(dwell_ms)::BIGINT AS dwell_ms,
      median(dwell_ms) AS median_ms
    FROM user_flyer_day
    GROUP BY user_hash
  )
  SELECT
    user_id,
    getvariable('day') AS day,
    flyers,
    measured_flyers,
    views,
    measured_views,
    item_opens,
    dwell_ms / 1000 AS dwell_s,
    dwell_ms / 1000 / measured_flyers AS avg_time_on_flyer_s,
    dwell_ms / 1000 / measured_views AS avg_time_per_view_s,
    median_ms / 1000 AS median_time_on_flyer_s,
    (suspects.user_hash IS NOT NULL)::INT AS suspect
  FROM per_user
  JOIN users USING (user_hash)
  LEFT JOIN suspects USING (user_hash);

-- Not an output: what `merchant_day` needs of each user. A user is in one bucket, so nothing has to be counted across.
CREATE OR REPLACE TEMP VIEW merchant_users_rows AS
  SELECT
    merchant_id,
    sum(views) AS views,
    sum(measured_views) AS measured_views,
    sum(bounce_views) AS bounce_views,
    sum(item_opens) AS item_opens,
    sum(dwell_ms) / 1000 AS dwell_s
  FROM user_flyer_day
  ANTI JOIN suspects USING (user_hash)
  WHERE merchant_id <> ''
  GROUP BY merchant_id, user_hash;
