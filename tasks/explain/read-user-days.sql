-- What the lake knows of one user: clean events, the rows they were made of, rows that were rejected, and the published views.
-- Variables: user, day, event_names (in the order that breaks ties).

-- name: clean events
SELECT day::VARCHAR AS day, (day - getvariable('day')::DATE)::INTEGER AS "dayNo", round(ts * 1000)::DOUBLE AS "instantMs",
  (round(ts * 1000) + utc_offset_s * 1000)::DOUBLE AS "localMs", event, flyer_id AS "flyerId", merchant_id AS "merchantId",
  merchant_filled = 1 AS "merchantFilled", suspect = 1 AS suspect
FROM clean_event
WHERE user_id = getvariable('user')
-- R5 again: where offsets differ, events of two local days interleave.
ORDER BY round(ts * 1000), client_seq NULLS LAST, list_position(getvariable('event_names'), event), flyer_id NULLS FIRST,
  merchant_id NULLS FIRST

-- name: staged rows
SELECT instant_ms::DOUBLE AS "instantMs", local_ms::DOUBLE AS "localMs", event::INTEGER AS code, event_id IS NOT NULL AS "hasId", flyer_id AS "flyerText", merchant_id AS "merchantText",
  known_id(flyer_id) AS "flyerId", known_id(merchant_id) AS "merchantId", count(*)::INTEGER AS rows
FROM staged_row
WHERE user_id = getvariable('user')
GROUP BY ALL
ORDER BY ALL

-- name: rejected rows
SELECT source, line::DOUBLE AS line, reason, detail, raw
FROM rejected_row
-- The user's id as a word: u1 is not named by a row of u10.
WHERE contains(raw, getvariable('user'))
  AND regexp_matches(raw, '(^|[^\pL\pN_-])' || regexp_escape(getvariable('user')) || '($|[^\pL\pN_-])')
ORDER BY source, line
LIMIT 1000

-- name: published views
SELECT view_no AS "viewNo", flyer_id AS "flyerId", merchant_id AS "merchantId", round(start_ts * 1000)::DOUBLE AS "startMs",
  end_reason AS reason, n_events AS events, round(dwell_s * 1000)::DOUBLE AS "dwellMs"
FROM flyer_view
WHERE user_id = getvariable('user')
ORDER BY view_no
