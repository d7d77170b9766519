-- Rows by the million: what `parse/judge-row.ts` says of one row. What is sure here is staged at once; what is not, is read again there.
-- So a condition may be too strict without harm, but never too lenient. Conditions that cost are behind cheap ones, in CASEs:
-- DuckDB computes all sides of an AND, but only the branch of a CASE that a row needs.

-- name: macros
CREATE TEMP MACRO white_space() AS ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13);

CREATE TEMP MACRO ends_blank(t) AS ends_with(t, ' ') OR ends_with(t, chr(9)) OR ends_with(t, chr(10)) OR ends_with(t, chr(11))
  OR ends_with(t, chr(12)) OR ends_with(t, chr(13));

-- Most texts begin with a character above the blank; trim() costs ten times the question.
CREATE TEMP MACRO tidy(t) AS CASE WHEN t >= '!' AND NOT ends_blank(t) THEN t ELSE trim(t, white_space()) END;

-- After trimming. The longest spelling of nothing is %3Cundefined%3E.
CREATE TEMP MACRO is_null_text(t) AS CASE WHEN strlen(t) > 15 THEN false ELSE regexp_full_match(
  t, '(?i)(null|none|nil|nan|undefined|n/a|\\N)?|<(null|none|nil|nan|undefined|n/a|\\N)?>|%3C(null|none|nil|nan|undefined|n/a|\\N)?%3[EG]'
) END;

-- A text that casts to a timestamp exactly when it is one, or NULL. The casts alone take far more than R1 allows: blanks, a day without time,
-- hour 24. GLOB asks for digits at half the cost of a regular expression. Fractions are cut to milliseconds before the cast, which rounds.
CREATE TEMP MACRO iso_time(t) AS CASE
  WHEN contains(t, 'T24') THEN NULL
  WHEN t GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]-[0-9][0-9]:[0-5][0-9]' THEN t
  WHEN t GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]+[0-9][0-9]:[0-5][0-9]' THEN t
  WHEN t GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z' THEN t
  WHEN regexp_full_match(t, '\d{4}-\d\d-\d\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d+(Z|[+-]\d\d:[0-5]\d)')
    THEN regexp_replace(t, '(\.\d{1,3})\d*', '\1')
END;

-- The codes of `events.ts`. Upper case and blanks are rare.
CREATE TEMP MACRO code_of_name(t) AS CASE t
  WHEN 'flyer_open' THEN 2::UTINYINT WHEN 'item_open' THEN 3 WHEN 'list_flyers' THEN 1 WHEN 'shopping_list_open' THEN 5
  WHEN 'favorite' THEN 4 WHEN 'flyer_close' THEN 0 WHEN 'checkout' THEN 6
END;
CREATE TEMP MACRO event_code(t) AS CASE
  WHEN code_of_name(t) IS NOT NULL THEN code_of_name(t)
  WHEN strlen(t) = length(t) THEN code_of_name(lower(trim(t, white_space())))
END;

CREATE TEMP MACRO sequence_number(t) AS CASE
  WHEN t IS NULL THEN NULL
  WHEN regexp_full_match(trim(t, white_space()), '-?\d{1,18}') THEN trim(t, white_space())::BIGINT
END;

-- The range of `parse/timestamp.ts`: years 1971 to 9998, offsets up to 18 hours.
CREATE TEMP MACRO is_time(instant_ms, wall_ms) AS
  coalesce(wall_ms >= 31536000000 AND wall_ms < 253370764800000 AND abs(wall_ms - instant_ms) <= 64800000, false);

-- JSON's numbers and containers come as texts that may not be what the drop says: 1e3 as 1000.0, {"a": 1} as {"a":1}.
CREATE TEMP MACRO is_rewritten(t) AS CASE
  WHEN t IS NULL THEN false
  WHEN starts_with(t, '{') OR starts_with(t, '[') THEN true
  WHEN strlen(t) > 26 THEN false
  WHEN contains(t, '.') OR contains(t, 'e') THEN try_cast(t AS DOUBLE) IS NOT NULL
  ELSE false
END;

-- name: judged rows
-- From raw_row: the texts of a row, whether it is whole, its drop and line. A row that is not sure has no day.
CREATE OR REPLACE TEMP VIEW judged_row AS
WITH written AS (
  SELECT *, iso_time("timestamp") AS iso, iso_time(received_at) AS iso_received FROM raw_row
), timed AS (
  SELECT *, epoch_ms(try_cast(iso AS TIMESTAMPTZ)) AS instant_ms, epoch_ms(try_cast(iso AS TIMESTAMP)) AS wall_ms,
    epoch_ms(try_cast(iso_received AS TIMESTAMPTZ)) AS receipt_ms, epoch_ms(try_cast(iso_received AS TIMESTAMP)) AS receipt_wall_ms
  FROM written
), typed AS (
  SELECT instant_ms, wall_ms, tidy(user_id) AS user_id, event_code(event) AS event, flyer_id, merchant_id, tidy(event_id) AS event_id,
    sequence_number(seq) AS seq, receipt_ms AS received_ms, drop_no, line,
    is_whole AND (iso_received IS NULL OR is_time(receipt_ms, receipt_wall_ms)) AS is_whole
  FROM timed
), judged AS (
  SELECT *, coalesce(
    is_whole AND event IS NOT NULL AND NOT is_null_text(user_id) AND is_time(instant_ms, wall_ms)
    AND (received_ms IS NULL
      OR instant_ms BETWEEN received_ms - 7 * 86400000 AND received_ms + getvariable('max_future_ms')),
    false) AS is_sure
  FROM typed
)
SELECT CASE WHEN is_sure THEN local_ms_of(instant_ms, wall_ms) // 86400000 END AS day_no,
  instant_ms, local_ms_of(instant_ms, wall_ms) AS local_ms, user_id, event, flyer_id, merchant_id,
  CASE WHEN is_null_text(event_id) THEN NULL ELSE event_id END AS event_id, seq, received_ms, drop_no, line
FROM judged;
