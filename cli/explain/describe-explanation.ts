/** An explained day for people: events on the left, what the rules did on the right. */
import type { ExplainedEvent, UserDayExplanation } from '../../tasks/explain/explain-user-day.ts';
import type { Told } from '../../tasks/explain/user-event.ts';
import { padEnd } from '../terminal/width.ts';
import { formatCount, type Style, style as stdoutStyle, table } from '../terminal.ts';

/** Ids are hashes as often as not: what is cut off is in `--json`. */
const PLACE_WIDTH_MAX = 24;

export function describeExplanation(explained: UserDayExplanation, style: Style = stdoutStyle): string {
  return [
    ...head(explained, style),
    '',
    ...timeline(explained, style),
    ...rejected(explained, style),
    ...repeats(explained, style),
    ...sums(explained, style),
    ...doubts(explained, style),
  ].join('\n');
}

function head({ user, day, params, definitionVersion, asOfMs }: UserDayExplanation, style: Style): string[] {
  const { inactivity_timeout_s, max_view_s, censored_mode } = params;
  const asOf = asOfMs === null ? '' : `, data up to ${new Date(asOfMs).toISOString().replace('.000Z', 'Z')}`;
  return [
    `${style.bold(user)} on ${style.bold(day)}`,
    style.dim(
      `${definitionVersion}: timeout ${inactivity_timeout_s} s, cap ${max_view_s} s, censored views: ${censored_mode}${asOf}`,
    ),
  ];
}

function timeline({ events, end, day, user }: UserDayExplanation, style: Style): string[] {
  if (events.length === 0) return [`No event of ${user} on ${day}.`];
  const rows = events.map((event) => ({ left: leftOf(event, day), told: event.told }));
  if (end.length > 0) rows.push({ left: ['', 'no more events', ''], told: end });
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map(({ left }) => left[column]!.length)));
  return rows.flatMap(({ left, told }) => {
    const cells = left.map((cell, column) => padEnd(cell, widths[column]!));
    const blank = ' '.repeat(cells.join('  ').length);
    const [time, event, place] = cells;
    const first = `${style.dim(time!)}  ${style.bold(event!)}  ${place}`;
    return told.map((line, index) => `${index === 0 ? first : blank}  ${ruleText(line, style)}`);
  });
}

function leftOf({ time, event, day: of, flyerId, merchantId }: ExplainedEvent, day: string): string[] {
  const place = flyerId === null && merchantId === null ? '' : `${flyerId ?? '-'}/${merchantId ?? '-'}`;
  const shown = place.length > PLACE_WIDTH_MAX ? `${place.slice(0, PLACE_WIDTH_MAX - 1)}…` : place;
  return [of === day ? time : `${of} ${time}`, event, shown];
}

function ruleText({ rule, text }: Told, style: Style): string {
  return `${style.cyan(rule.padEnd(3))} ${text}`;
}

function rejected({ rejected: rows }: UserDayExplanation, style: Style): string[] {
  if (rows.length === 0) return [];
  return [
    '',
    `${style.cyan('R1')}  rows that name the user and are no events:`,
    ...rows.map(({ source, line, reason, detail }) => `    ${source} line ${line}: ${reason}, ${detail}`),
  ];
}

function repeats({ repeats: rows }: UserDayExplanation, style: Style): string[] {
  if (rows.length === 0) return [];
  const place = (flyerId: string | null, merchantId: string | null) =>
    flyerId === null && merchantId === null ? '' : ` ${flyerId ?? '-'}/${merchantId ?? '-'}`;
  return [
    '',
    `${style.cyan('R4')}  rows that repeat another event, and count no more:`,
    ...rows.map(
      ({ time, event, flyerId, merchantId, why }) =>
        `    ${time} ${event}${place(flyerId, merchantId)}: ${why}`,
    ),
  ];
}

function sums({ flyers, total }: UserDayExplanation, style: Style): string[] {
  if (flyers.length === 0) return [];
  const seconds = (ms: number | null) => (ms === null ? 'unmeasured' : `${formatMs(ms)} s`);
  const lines = table(
    flyers,
    [
      { header: 'Flyer', value: ({ flyerId }) => flyerId },
      { header: 'Merchant', value: ({ merchantId }) => merchantId ?? '' },
      { header: 'Views', value: ({ views }) => formatCount(views), align: 'right' },
      { header: 'Measured', value: ({ measuredViews }) => formatCount(measuredViews), align: 'right' },
      { header: 'Time on flyer', value: ({ dwellMs }) => seconds(dwellMs), align: 'right' },
    ],
    style,
  );
  return ['', lines, '', ...total.told.map((line) => ruleText(line, style))];
}

const formatMs = (ms: number) => (ms / 1000).toLocaleString('en-US', { maximumFractionDigits: 3 });

function doubts({ missingDays, agrees, hasRows }: UserDayExplanation, style: Style): string[] {
  const lines: string[] = [];
  for (const day of missingDays) {
    lines.push(`${style.yellow('!')} ${day} is not published: a view may reach over midnight, unseen here.`);
  }
  if (!hasRows) {
    lines.push(
      `${style.yellow('!')} The staged rows are no longer kept: spellings (R2) and duplicates (R4) are not shown.`,
    );
  }
  lines.push(
    agrees
      ? `${style.green('✓')} The published views are exactly these.`
      : `${style.yellow('!')} The published views differ: a day around this one is missing, or has been published since.`,
  );
  return ['', ...lines];
}
