/** Dates of the oracle, counted by hand on `YYYY-MM-DD` texts; only zones are asked of the platform. */
export interface Moment {
  readonly now: string;
  readonly zone: string;
  readonly fiscalStart: string;
  readonly periods: number;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Clock text `YYYY-MM-DDTHH:MM:SS` of an instant in a zone. */
export function wall(instant: string, zone: string): string {
  const formatter =
    formatters.get(zone) ??
    new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  formatters.set(zone, formatter);
  return formatter.format(new Date(instant)).replace(' ', 'T');
}

const dayNumber = (day: string) => Math.round(Date.parse(`${day}T00:00:00Z`) / 86_400_000);
const fromNumber = (n: number) => new Date(n * 86_400_000).toISOString().slice(0, 10);
export const addDays = (day: string, n: number): string => fromNumber(dayNumber(day) + n);

export function addMonths(day: string, n: number): string {
  const [y = 0, m = 0, d = 0] = day.split('-').map(Number);
  const month = y * 12 + (m - 1) + n;
  const [year, index] = [Math.floor(month / 12), ((month % 12) + 12) % 12];
  const last = new Date(Date.UTC(year, index + 1, 0)).getUTCDate();
  return `${String(year).padStart(4, '0')}-${String(index + 1).padStart(2, '0')}-${String(Math.min(d, last)).padStart(2, '0')}`;
}

export const weekday = (day: string): number => (dayNumber(day) + 4) % 7;
const shift = (day: string, unit: string, n: number): string => {
  if (unit.startsWith('day')) return addDays(day, n);
  if (unit.startsWith('week')) return addDays(day, 7 * n);
  return addMonths(day, unit.startsWith('month') ? n : 12 * n);
};

export function fiscal(day: string, { fiscalStart, periods }: Moment) {
  const year = Number(day.slice(0, 4)) - (day.slice(5) < fiscalStart ? 1 : 0);
  const months =
    (Number(day.slice(0, 4)) - year) * 12 +
    Number(day.slice(5, 7)) -
    Number(fiscalStart.slice(0, 2));
  const period = Math.floor(months / (12 / periods)) + 1;
  return { year, period, index: year * periods + period - 1 };
}

export function weekOfYear(day: string): number {
  let week = 1;
  for (let one = `${day.slice(0, 4)}-01-01`; one < day; ) {
    one = addDays(one, 1);
    if (weekday(one) === 0) week += 1;
  }
  return week;
}

/** Whether a cell of a date column matches a date operator. */
export function dateMatches(
  type: string,
  cell: string,
  operator: string,
  values: readonly string[],
  moment: Moment,
): boolean {
  const { now, zone } = moment;
  const nowWall = wall(now, zone);
  const today = nowWall.slice(0, 10);
  const day = type === 'instant' ? wall(cell, zone).slice(0, 10) : cell.slice(0, 10);
  const atMidnight = nowWall.endsWith('T00:00:00') && now.endsWith('.000Z');
  // Before now: by instant, by clock, or for dates by the day that now lies in.
  const beforeNow = (): boolean => {
    if (type === 'instant') return Date.parse(cell) < Date.parse(now);
    if (type === 'clock') return cell.slice(0, 19) < ceil(nowWall, now);
    return atMidnight ? day < today : day <= today;
  };
  const fromNow = (): boolean => {
    if (type === 'day') return day >= today;
    return !beforeNow();
  };
  const amount = Number(values[0] ?? 0);
  const within = (start: string, end: string) => day >= start && day < end;
  const own = fiscal(day, moment);
  const current = fiscal(today, moment);
  switch (operator) {
    case 'on':
      return day === values[0]?.slice(0, 10);
    case 'on-or-before':
      return day <= (values[0]?.slice(0, 10) ?? '');
    case 'on-or-after':
      return day >= (values[0]?.slice(0, 10) ?? '');
    case 'yesterday':
      return day === addDays(today, -1);
    case 'today':
      return day === today;
    case 'tomorrow':
      return day === addDays(today, 1);
    case 'last-seven-days':
      return day >= addDays(today, -7) && beforeNow();
    case 'next-seven-days':
      return fromNow() && day < addDays(today, 8);
    case 'in-fiscal-year':
      return own.year === amount;
    case 'in-fiscal-period':
      return own.period === amount;
    default:
  }
  if (operator.endsWith('fiscal-period-and-year')) {
    if (amount < 1 || amount > moment.periods) return false;
    const index = Number(values[1]) * moment.periods + amount - 1;
    if (operator.startsWith('in-or-before')) return own.index <= index;
    return operator.startsWith('in-or-after') ? own.index >= index : own.index === index;
  }
  const sides: Readonly<Record<string, number>> = { last: -1, this: 0, next: 1 };
  const [side = '', ...rest] = operator.split('-');
  const unit = rest.join('-');
  const offset = sides[side] ?? 0;
  if (unit === 'fiscal-year') return own.year === current.year + offset;
  if (unit === 'fiscal-period') return own.index === current.index + offset;
  if (unit === 'week') {
    const start = addDays(today, -weekday(today) + 7 * offset);
    return within(start, addDays(start, 7));
  }
  if (unit === 'month')
    return day.slice(0, 7) === addMonths(`${today.slice(0, 7)}-01`, offset).slice(0, 7);
  if (unit === 'year') return Number(day.slice(0, 4)) === Number(today.slice(0, 4)) + offset;
  const what = unit.replace(/^x-/, '');
  if (what === 'hours' || what === 'minutes')
    return timeMatches(type, cell, side, what, amount, moment);
  if (what === 'fiscal-years') {
    return side === 'last'
      ? own.year >= current.year - amount && beforeNow()
      : fromNow() && own.year <= current.year + amount;
  }
  if (what === 'fiscal-periods') {
    return side === 'last'
      ? own.index >= current.index - amount && beforeNow()
      : fromNow() && own.index <= current.index + amount;
  }
  if (side === 'olderthan') return day < shift(today, what, -amount);
  if (side === 'last') return day >= shift(today, what, -amount) && beforeNow();
  return fromNow() && day < shift(addDays(today, 1), what, amount);
}

/** A clock has whole seconds: something of this second is before a now with a fraction. */
function ceil(nowWall: string, now: string): string {
  if (now.endsWith('.000Z')) return nowWall;
  return new Date(Date.parse(`${nowWall}Z`) + 1000).toISOString().slice(0, 19);
}

function timeMatches(
  type: string,
  cell: string,
  side: string,
  what: string,
  amount: number,
  { now, zone }: Moment,
): boolean {
  const local = wall(now, zone);
  const ms = Date.parse(now);
  const rest = Number(local.slice(17, 19)) * 1000 + (ms % 1000);
  const minute = ms - rest;
  const hour = minute - Number(local.slice(14, 16)) * 60_000;
  const at = (value: number): boolean => {
    // Is the cell before this instant?
    if (type === 'instant') return Date.parse(cell) < value;
    const iso = new Date(value).toISOString();
    return cell.slice(0, 19) < ceil(wall(iso, zone), iso);
  };
  if (side === 'olderthan')
    return at(what === 'hours' ? hour - amount * 3_600_000 : minute - amount * 60_000);
  if (side === 'last') return !at(hour - amount * 3_600_000) && at(ms);
  return !at(ms) && at(hour + (amount + 1) * 3_600_000);
}
