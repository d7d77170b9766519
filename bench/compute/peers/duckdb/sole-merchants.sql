-- Gap filling (R3): the merchant of a flyer, where the events of a local day name exactly one.
CREATE TABLE sole_merchants AS
  SELECT
    (instant_ms + offset_min * 60000) // 86400000 AS local_day,
    flyer_id,
    min(merchant_id) AS merchant_id
  FROM clean
  WHERE flyer_id <> '' AND merchant_id <> ''
  GROUP BY ALL
  HAVING min(merchant_id) = max(merchant_id);
