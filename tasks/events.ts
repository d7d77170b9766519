/** The words of an event: its names, and their codes in the order that breaks ties (rule R5). */

export const EVENT_NAMES = [
  'flyer_close',
  'list_flyers',
  'flyer_open',
  'item_open',
  'favorite',
  'shopping_list_open',
  'checkout',
] as const;

export type EventName = (typeof EVENT_NAMES)[number];

/** The code of an event is its rank among events of one instant (rule R5), 0 to 6. */
export const EVENT_CODE = Object.fromEntries(EVENT_NAMES.map((name, code) => [name, code])) as Readonly<
  Record<EventName, number>
>;
