/** Local days, by number (since 1970) and by name. */

export const DAY_MS = 86_400_000;

export const dayName = (dayNo: number): string => new Date(dayNo * DAY_MS).toISOString().slice(0, 10);
export const dayNumber = (day: string): number => Math.floor(Date.parse(`${day}T00:00:00Z`) / DAY_MS);

const DATE = /(?<!\d)(\d{4})([-_/]?)(\d\d)\2(\d\d)(?!\d)/g;

/** The first date in a key: `2018-10-01`, `20181001`, `2018/10/01`. */
export function dayInKey(key: string): string | undefined {
  for (const [, year, , month, day] of key.matchAll(DATE)) {
    const name = `${year}-${month}-${day}`;
    const time = Date.parse(`${name}T00:00:00Z`);
    if (Number(year) >= 1971 && !Number.isNaN(time) && new Date(time).toISOString().startsWith(name))
      return name;
  }
  return undefined;
}
