/** Draws how mean and median depend on the timeout, as SVG: two scales of doublings, so that equal growth is a straight line. */
import type { TimeoutFigures } from './timeout-figures.ts';

const WIDTH = 760;
const HEIGHT = 470;
const PLOT = { left: 76, right: 610, top: 64, bottom: 320 };

/** What one may not conclude from the sample; also printed by the guide. */
export const LIMITS = [
  'Limits of the sample: digit 7 became 6 in timestamps and ids; ids are not linked to users, so no merchant can be ranked;',
  'users were chosen for being active near 11:35; the mean depends on T, so read it beside the median and long_gap_share.',
];

export function timeoutChart(day: string, figures: readonly TimeoutFigures[], chosenS: number): string {
  const x = scale(
    figures.map(({ timeoutS }) => timeoutS),
    PLOT.left,
    PLOT.right,
  );
  const y = scale(
    figures.flatMap(({ meanS, medianS }) => [meanS, medianS]),
    PLOT.bottom,
    PLOT.top,
  );
  const last = figures.at(-1)!;
  const line = (value: (one: TimeoutFigures) => number) =>
    figures
      .map((one, index) => `${index === 0 ? 'M' : 'L'}${at(x(one.timeoutS))} ${at(y(value(one)))}`)
      .join('');
  const dots = (style: string, value: (one: TimeoutFigures) => number) =>
    figures
      .map(
        (one) => `<circle class="${style}" cx="${at(x(one.timeoutS))}" cy="${at(y(value(one)))}" r="3.2"/>`,
      )
      .join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="t d" font-family="ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif">
  <title id="t">Time per view by timeout T, ${day}</title>
  <desc id="d">Mean and median seconds per measured view, for timeouts from ${figures[0]!.timeoutS} s to ${last.timeoutS} s. Both grow with T, the mean much faster.</desc>
  <style>
    .bg { fill: #fbfaf7 } .grid { stroke: #e4dfd3 } .chosen { stroke: #8a8f8b; stroke-dasharray: 4 4 } .h { font-size: 15px; font-weight: 650; fill: #1d2421 }
    .s { font-size: 11.5px; fill: #5c645f } .mean { stroke: #c46a1b; fill: none; stroke-width: 2.2 } .median { stroke: #1f6f5c; fill: none; stroke-width: 2.2 }
    .meandot { fill: #c46a1b } .mediandot { fill: #1f6f5c } .end { text-anchor: end } .middle { text-anchor: middle } .share { font-size: 11px; fill: #1d2421 }
  </style>
  <rect class="bg" width="${WIDTH}" height="${HEIGHT}" rx="14"/>
  <text class="h" x="24" y="32">Seconds per measured view, by the longest silence that counts (T)</text>
  <text class="s" x="24" y="50">${day}, without suspects; both axes by doublings</text>
${ticks(y)
  .map(
    (value) =>
      `  <path class="grid" d="M${PLOT.left} ${at(y(value))}H${PLOT.right}"/><text class="s end" x="${PLOT.left - 8}" y="${at(y(value) + 4)}">${value} s</text>`,
  )
  .join('\n')}
  <path class="chosen" d="M${at(x(chosenS))} ${PLOT.top}V${PLOT.bottom}"/><text class="s middle" x="${at(x(chosenS))}" y="${PLOT.top - 4}">T of the definition</text>
  <path class="mean" d="${line(({ meanS }) => meanS)}"/>${dots('meandot', ({ meanS }) => meanS)}
  <path class="median" d="${line(({ medianS }) => medianS)}"/>${dots('mediandot', ({ medianS }) => medianS)}
  <text class="s" x="${PLOT.right + 12}" y="${at(y(last.meanS) + 4)}">mean ${last.meanS.toFixed(0)} s</text>
  <text class="s" x="${PLOT.right + 12}" y="${at(y(last.medianS) + 4)}">median ${last.medianS.toFixed(0)} s</text>
${row(figures, x, PLOT.bottom + 20, 'T', ({ timeoutS }) => timeText(timeoutS))}
${row(figures, x, PLOT.bottom + 44, 'long gaps', ({ longGapShare }) => percent(longGapShare))}
${row(figures, x, PLOT.bottom + 62, 'unmeasured', ({ unmeasuredShare }) => percent(unmeasuredShare))}
  <text class="s" x="24" y="${PLOT.bottom + 88}">long gaps: dwell in silences of more than 10 minutes, of all dwell; unmeasured: views without dwell, of all views</text>
${LIMITS.map((text, index) => `  <text class="s" x="24" y="${HEIGHT - 34 + 17 * index}">${text}</text>`).join('\n')}
</svg>
`;
}

type Scale = ((value: number) => number) & { readonly min: number; readonly max: number };

/** Logarithmic. */
function scale(values: readonly number[], from: number, to: number): Scale {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const place = (value: number) => from + ((to - from) * Math.log(value / min)) / Math.log(max / min);
  return Object.assign(place, { min, max });
}

/** 1, 2, 5, 10 … within the scale. */
function ticks({ min, max }: Scale): number[] {
  const steps = [1, 10, 100, 1000, 10_000].flatMap((power) => [1, 2, 5].map((digit) => digit * power));
  return steps.filter((value) => value >= min && value <= max);
}

function row(
  figures: readonly TimeoutFigures[],
  x: Scale,
  y: number,
  name: string,
  text: (one: TimeoutFigures) => string,
): string {
  const cells = figures.map(
    (one) => `<text class="share middle" x="${at(x(one.timeoutS))}" y="${y}">${text(one)}</text>`,
  );
  return `  <text class="s" x="${PLOT.right + 34}" y="${y}">${name}</text>${cells.join('')}`;
}

const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
export const timeText = (seconds: number) =>
  seconds < 60 ? `${seconds} s` : seconds < 3600 ? `${seconds / 60} min` : `${seconds / 3600} h`;
const at = (value: number) => Number(value.toFixed(1));
