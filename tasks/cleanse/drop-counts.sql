-- Rows of a bucket drop by drop. Which of two equal rows is the duplicate is nobody's concern but the count's: the one of the drop that
-- comes last. Only what was dropped is looked for among the staged rows, so a day without duplicates is only counted.
-- Reads drop_row (staged rows of the day), drop_file (the batch of a file), and what cleansing left: dropped_event, bucket_user,
-- place_of_text; and the variable day_start_ms.

-- name: counts
WITH gone AS MATERIALIZED (
  SELECT row_number() OVER () AS gone_no, *
  FROM (
    SELECT u.user_id, d.rel_ms + getvariable('day_start_ms') AS instant_ms, d.offset_ms, d.code AS event, d.place_no, d.is_filled,
      d.event_id, d.seq, count(*) AS gone_count
    FROM dropped_event AS d JOIN bucket_user AS u USING (user_no)
    WHERE d.rel_ms + d.offset_ms BETWEEN 0 AND 86399999
    GROUP BY ALL
  )
), alike AS MATERIALIZED (
  -- The few rows that matter: only they are held against the rest of what an event says.
  SELECT r.filename, r.drop_no, r.line, r.flyer_id, r.merchant_id, g.gone_no, g.gone_count, g.place_no, g.is_filled
  FROM drop_row AS r
  JOIN gone AS g ON g.instant_ms = r.instant_ms AND g.user_id = r.user_id AND g.event = r.event
  WHERE r.local_ms - r.instant_ms = g.offset_ms
    AND r.event_id IS NOT DISTINCT FROM g.event_id AND r.seq IS NOT DISTINCT FROM g.seq
), duplicate AS (
  SELECT filename, drop_no, count(*) AS duplicates
  FROM (
    SELECT a.filename, a.drop_no, a.gone_count,
      row_number() OVER (PARTITION BY a.gone_no ORDER BY f.batch DESC, a.drop_no DESC, a.line DESC) AS nth
    FROM alike AS a
    JOIN place_of_text AS p ON p.day_no = 0 AND p.place_no = a.place_no AND p.is_filled = a.is_filled
      AND p.flyer_text IS NOT DISTINCT FROM a.flyer_id AND p.merchant_text IS NOT DISTINCT FROM a.merchant_id
    JOIN drop_file AS f USING (filename)
  )
  WHERE nth <= gone_count
  GROUP BY ALL
)
SELECT f.batch, r.drop_no::INTEGER AS "dropNo", sum(r.row_count)::DOUBLE AS "rowCount",
  coalesce(sum(d.duplicates), 0)::DOUBLE AS "duplicateCount"
FROM (SELECT filename, drop_no, count(*) AS row_count FROM drop_row GROUP BY ALL) AS r
JOIN drop_file AS f USING (filename)
LEFT JOIN duplicate AS d ON d.filename = r.filename AND d.drop_no = r.drop_no
GROUP BY f.batch, r.drop_no
ORDER BY f.batch, r.drop_no
