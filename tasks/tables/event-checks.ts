/** What is checked of the tables of events, and of the day's rows from drop to table, before they are published. */
import { dropsAddUp, duplicateShare, fewRejected, rejectedShare, rowsAddUp } from '../checks/completeness.ts';
import { checksOf, inRange, nullShareBelow, ofDay, usual } from '../checks/declare.ts';
import { deliveredAfterTheEnd, eventsUntilTheEnd } from '../checks/freshness.ts';
import { CLEAN_EVENTS, REJECTED_EVENTS } from './event-tables.ts';

export const CLEAN_EVENTS_CHECKS = checksOf(
  CLEAN_EVENTS,
  ofDay(
    { name: 'rows_add_up', severity: 'block', says: 'rows read = kept + duplicate + rejected' },
    rowsAddUp,
  ),
  ofDay({ name: 'drops_add_up', severity: 'block', says: 'the same, drop by drop' }, dropsAddUp),
  ofDay(
    {
      ...{ name: 'last_event', severity: 'warn', limit: 3, limitUnit: 'h' },
      says: 'no longer silence before the end of the day',
    },
    eventsUntilTheEnd,
  ),
  ofDay(
    {
      ...{ name: 'last_drop', severity: 'warn', limit: 0, limitUnit: 'h' },
      says: 'a drop was delivered after the end of the day, or no longer before it',
    },
    deliveredAfterTheEnd,
  ),
  usual('drops', ({ drops }) => drops.length, 'as many drops'),
  usual('duplicate_share', duplicateShare, 'the same share of duplicates', 0.005),
  inRange('event_no', 1),
  inRange('utc_offset_s', -14 * 3600, 14 * 3600),
  nullShareBelow('flyer_id', 0.8),
);

export const REJECTED_EVENTS_CHECKS = checksOf(
  REJECTED_EVENTS,
  ofDay(
    {
      ...{ name: 'rejected_share', severity: 'block' },
      says: 'no larger share of the rows is rejected than rejected_share_max',
    },
    fewRejected,
  ),
  usual('rejected_share', rejectedShare, 'the same share of rejected rows', 0.005),
  inRange('line', 1),
);
