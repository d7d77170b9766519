/** The tables of events: those that are kept, in the rules' order, and those that were rejected. */
import type { TableSchema } from '../../lake/table-schema.ts';

export const CLEAN_EVENTS: TableSchema = {
  name: 'clean_events',
  description:
    "A day's events: normalised, gaps filled, without duplicates, each user's in the order of the rules.",
  key: ['user_id', 'event_no'],
  exported: false,
  columns: [
    { name: 'user_id', type: 'string', description: 'The shopper, as the app names them.', rule: 'R1' },
    { name: 'day', type: 'date', description: 'Local date of the event in the report zone.', rule: 'R11' },
    {
      name: 'event_no',
      type: 'int',
      unit: 'count',
      description:
        "Position among the user's events of the day, from 1, in the order that the rules read them.",
      rule: 'R5',
    },
    {
      name: 'ts',
      type: 'double',
      unit: 'epoch s',
      description: 'Instant of the event, to the millisecond.',
      rule: 'R1',
    },
    {
      name: 'utc_offset_s',
      type: 'int',
      unit: 's',
      description: 'Local wall clock minus UTC; ts + utc_offset_s is the local time.',
      rule: 'R11',
    },
    {
      name: 'event',
      type: 'string',
      description:
        'flyer_open, item_open, list_flyers, shopping_list_open, favorite, flyer_close or checkout.',
      rule: 'R1',
    },
    { name: 'flyer_id', type: 'string', nullable: true, description: 'NULL: unknown.', rule: 'R2' },
    { name: 'merchant_id', type: 'string', nullable: true, description: 'NULL: unknown.', rule: 'R2' },
    {
      name: 'merchant_filled',
      type: 'int',
      unit: '0/1',
      description: "1: the merchant was not in the event; it is the flyer's only merchant of the day.",
      rule: 'R3',
    },
    {
      name: 'event_id',
      type: 'string',
      nullable: true,
      description: "The producer's identity of the event, when drops carry one.",
      rule: 'R4',
    },
    {
      name: 'client_seq',
      type: 'long',
      nullable: true,
      unit: 'number',
      description: "The client's sequence number, when drops carry one.",
      rule: 'R5',
    },
    {
      name: 'suspect',
      type: 'int',
      unit: '0/1',
      description: '1: the user has more events in the day, or in one minute, than a person makes.',
      rule: 'R13',
    },
  ],
};

export const REJECTED_EVENTS: TableSchema = {
  name: 'rejected_events',
  description: 'Rows of drops that are no events, with the reason; they take no part in any figure.',
  key: ['source', 'line'],
  exported: false,
  columns: [
    {
      name: 'day',
      type: 'date',
      description: "The row's own local date, or its drop's when it has none.",
      rule: 'R11',
    },
    { name: 'source', type: 'string', description: 'Key of the drop.', rule: 'R17' },
    {
      name: 'line',
      type: 'long',
      unit: 'number',
      description: 'Line in the decompressed drop, or number of the object, from 1.',
      rule: 'R17',
    },
    {
      name: 'reason',
      type: 'string',
      description: 'Why the row is no event: bad_row, no_user, unknown_event …',
      rule: 'R1',
    },
    { name: 'detail', type: 'string', description: 'The reason in words.', rule: 'R1' },
    {
      name: 'raw',
      type: 'string',
      nullable: true,
      description: 'The row as it was written, cut when very long.',
      rule: 'R1',
    },
  ],
};
