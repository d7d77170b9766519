-- Which merchant a flyer has when an event names only the flyer (R3). Reads the table spelling and the macros of cleanse-events.sql.

-- name: gaps
SELECT count(*) > 0 AS any FROM spelling WHERE flyer_id IS NOT NULL AND merchant_id IS NULL AND day_no >= -1

-- name: none
CREATE TEMP TABLE only_merchant (day_no TINYINT, flyer_id VARCHAR, merchant_id VARCHAR)

-- name: from rows
-- Of a later day only what the horizon holds is asked: how its drops are cut must not change this day's figures.
CREATE TEMP TABLE named_text AS
SELECT DISTINCT 0::TINYINT AS day_no, flyer_id AS flyer_text, merchant_id AS merchant_text FROM all_day_row
UNION ALL
SELECT DISTINCT day_no_of(local_ms - getvariable('day_start_ms')), flyer_id, merchant_id
FROM (FROM all_earlier_row UNION ALL FROM all_later_row)
WHERE local_ms BETWEEN getvariable('day_start_ms') - 86400000 AND getvariable('horizon_end_ms');

-- A table of its own, or the optimizer would understand each id once a row.
CREATE TEMP TABLE only_merchant AS
SELECT day_no, flyer_id, min(merchant_id) AS merchant_id
FROM (SELECT DISTINCT day_no, known_id(flyer_text) AS flyer_id, known_id(merchant_text) AS merchant_id FROM named_text)
WHERE flyer_id IS NOT NULL AND merchant_id IS NOT NULL
GROUP BY day_no, flyer_id
HAVING count(*) = 1
