-- What a text value is: an id or nothing (R2), an event's rank among those of one instant (R5); which rows are kept.

-- Most ids are plain numbers, or missing: one match, or none. Trimming every value would cost five times as much.
CREATE MACRO known_id(id) AS
  CASE
    WHEN id IS NULL OR id = '' THEN ''
    WHEN regexp_full_match(id, '[0-9]{1,64}') THEN id
    WHEN lower(plain_id(id)) IN ('null', 'none', 'nil', 'nan', 'undefined') THEN ''
    ELSE plain_id(id)
  END;

CREATE MACRO plain_id(id) AS regexp_extract(id, '^\s*([A-Za-z0-9_-]{1,64})\s*$', 1);

CREATE MACRO event_rank(name) AS
  list_position(
    ['flyer_close', 'list_flyers', 'flyer_open', 'item_open', 'favorite', 'shopping_list_open', 'checkout'],
    name
  ) - 1;

-- Events of the horizon of the day (R12); unknown events and instants that do not parse are NULL.
CREATE MACRO is_kept(event_rank, instant_ms, offset_min) AS
  event_rank IS NOT NULL
  AND instant_ms + offset_min * 60000
    BETWEEN getvariable('day_start_ms') - 86400000 AND getvariable('horizon_end_ms');
