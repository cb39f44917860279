import { type Column, isChoice, isLookup, numberRanges, precisionOf } from '../column.ts';
import { dataverseErrors } from '../dataverse-error.ts';
import { parseGuid } from '../guid.ts';
import { fold } from '../text-fold.ts';
import { type ColumnValue, equalValues, isLookupValue, type LookupValue } from './column-value.ts';
import { dateTimeText } from './new-row.ts';
import { type ClockTime, instantOf } from './zoned-time.ts';

/** Why a value does not fit its column. */
export interface InvalidValue {
  readonly column: string;
  /** Dataverse error number. */
  readonly code: string;
  readonly message: string;
}

export type ParsedValue =
  | { readonly kind: 'value'; readonly value: ColumnValue }
  | ({ readonly kind: 'invalid' } & InvalidValue);

function invalid(column: Column, code: string, message: string): ParsedValue {
  return { kind: 'invalid', column: column.name, code, message: `${column.label}: ${message}` };
}

/** No database stores this character. */
function unstorable(column: Column): ParsedValue {
  return invalid(column, dataverseErrors.invalidArgument, 'cannot hold the character U+0000');
}

function value(parsed: ColumnValue): ParsedValue {
  return { kind: 'value', value: parsed };
}

export interface ParseOptions {
  /** IANA name; what a date and time without an offset means. Default UTC. */
  readonly timeZone?: string;
}

/**
 * Turns input (typed text, JSON, a label) into the value of a column, in normal form and within the column's limits.
 * Empty text is null. Choices accept the option's number or its label.
 */
export function parseValue(
  column: Column,
  input: unknown,
  options: ParseOptions = {},
): ParsedValue {
  if (input === null || input === undefined || input === '') return value(null);
  if (typeof input === 'string' && input.includes('\0')) return unstorable(column);
  if (isLookup(column)) return parseLookup(column, input);
  if (isChoice(column)) return parseChoice(column, input);
  switch (column.type) {
    case 'string':
    case 'memo':
      return parseText(column, input);
    case 'integer':
    case 'bigint':
    case 'decimal':
    case 'double':
    case 'money':
      return parseNumber(column, input);
    case 'boolean':
      return parseBoolean(column, input);
    case 'choices':
      return parseChoices(column, input);
    case 'dateTime':
    case 'dateOnly':
      return parseDate(column, input, options.timeZone ?? 'UTC');
    case 'partyList':
      return parseParties(column, input);
    case 'image':
      return parseImage(column, input);
    case 'file':
    case 'guid': {
      const id = typeof input === 'string' ? parseGuid(input) : null;
      return id === null
        ? invalid(column, dataverseErrors.invalidArgument, 'expects a GUID')
        : value(id);
    }
    default:
      return typeof input === 'string'
        ? value(input)
        : invalid(column, dataverseErrors.invalidArgument, `cannot hold a ${typeof input}`);
  }
}

/** Dataverse's largest image, 10 MB, as Base64 characters. */
const maxImageLength = Math.ceil((10 * 1024 * 1024) / 3) * 4;

/** An image is its content in Base64; a file is known by the id of its content. */
function parseImage(column: Column, input: unknown): ParsedValue {
  if (typeof input !== 'string' || !isBase64(input)) {
    return invalid(column, dataverseErrors.invalidArgument, 'expects an image in Base64');
  }
  if (input.length > maxImageLength) {
    return invalid(column, dataverseErrors.invalidArgument, 'is larger than 10 MB');
  }
  return value(input);
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function parseText(column: Column, input: unknown): ParsedValue {
  if (typeof input !== 'string') {
    return invalid(column, dataverseErrors.invalidArgument, 'expects text');
  }
  const text = input.toWellFormed();
  if (column.maxLength !== undefined && text.length > column.maxLength) {
    return invalid(
      column,
      dataverseErrors.stringLengthTooLong,
      `at most ${column.maxLength} characters, found ${text.length}`,
    );
  }
  return value(text);
}

function parseNumber(column: Column, input: unknown): ParsedValue {
  const whole = column.type === 'integer' || column.type === 'bigint';
  const code = whole ? dataverseErrors.integerOutOfRange : dataverseErrors.decimalOutOfRange;
  const parsed =
    typeof input === 'number'
      ? input
      : typeof input === 'string' && /^\s*[-+]?(\d+(?:\.\d*)?|\.\d+)(e[-+]?\d+)?\s*$/i.test(input)
        ? Number(input)
        : Number.NaN;
  if (!Number.isFinite(parsed) || (whole && !Number.isSafeInteger(parsed))) {
    return invalid(column, code, `expects a ${whole ? 'whole ' : ''}number`);
  }
  const [lowest, highest] = numberRanges[column.type] ?? [-Infinity, Infinity];
  const [min, max] = [column.min ?? lowest, column.max ?? highest];
  if (parsed < min || parsed > max) {
    return invalid(column, code, `must lie between ${min} and ${max}`);
  }
  const normal = whole ? parsed : round(parsed, precisionOf(column));
  if (!whole && !isExact(normal)) {
    return invalid(column, code, 'has more than 15 significant digits');
  }
  return value(Object.is(normal, -0) ? 0 : normal);
}

/** Digits beyond the 15 that a double keeps would differ between a device and the organization. */
function isExact(number: number): boolean {
  return Number(number.toPrecision(15)) === number;
}

function round(number: number, digits: number): number {
  const rounded = Number(number.toFixed(Math.min(digits, 20)));
  return Object.is(rounded, -0) ? 0 : rounded;
}

function parseBoolean(column: Column, input: unknown): ParsedValue {
  if (typeof input === 'boolean') return value(input);
  if (input === 1 || input === 0) return value(input === 1);
  if (typeof input === 'string') {
    const text = fold(input.trim());
    if (['true', '1', 'yes'].includes(text)) return value(true);
    if (['false', '0', 'no'].includes(text)) return value(false);
    const option = column.options?.find((one) => fold(one.label) === text);
    if (option !== undefined) return value(option.value === 1);
  }
  return invalid(column, dataverseErrors.invalidArgument, 'expects yes or no');
}

/** The option that a number, or a text with its number or label, means; of a list that is not known any whole number. */
function findOption({ options }: Column, input: unknown): number | undefined {
  const text = typeof input === 'string' ? input.trim() : '';
  const number = typeof input === 'number' ? input : text === '' ? Number.NaN : Number(text);
  if (options === undefined) return Number.isSafeInteger(number) ? number : undefined;
  const byNumber = options.find((option) => option.value === number);
  if (byNumber !== undefined || text === '') return byNumber?.value;
  return options.find((option) => fold(option.label) === fold(text))?.value;
}

function noOption(column: Column, input: unknown): ParsedValue {
  const given = typeof input === 'string' || typeof input === 'number' ? input : typeof input;
  const message =
    column.options === undefined
      ? `"${given}" is not an option number`
      : `has no option "${given}"`;
  return invalid(column, dataverseErrors.choiceOutOfRange, message);
}

function parseChoice(column: Column, input: unknown): ParsedValue {
  const found = findOption(column, input);
  return found === undefined ? noOption(column, input) : value(found);
}

function parseChoices(column: Column, input: unknown): ParsedValue {
  const parts: readonly unknown[] =
    typeof input === 'string' ? input.split(/[,;]/) : Array.isArray(input) ? input : [input];
  const options = new Set<number>();
  for (const part of parts) {
    const found = findOption(column, part);
    if (found === undefined) return noOption(column, part);
    options.add(found);
  }
  return value(options.size === 0 ? null : [...options].sort((a, b) => a - b));
}

const datePattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(Z|[-+]\d{2}:\d{2})?)?$/;

/** Dates from 1753 on, as SQL Server has them. */
const firstYear = 1753;

function parseDate(column: Column, input: unknown, timeZone: string): ParsedValue {
  const text = typeof input === 'string' ? input.trim() : '';
  const match = datePattern.exec(text);
  const expects =
    column.type === 'dateOnly' ? 'expects a date such as 2026-03-31' : 'expects a date and time';
  if (match === null) return invalid(column, dataverseErrors.invalidArgument, expects);
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00', zone] =
    match;
  const clock: ClockTime = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
  };
  const plain = new Date(instantOf(clock, 'UTC'));
  const exists =
    plain.getUTCMonth() + 1 === clock.month &&
    plain.getUTCDate() === clock.day &&
    plain.getUTCHours() === clock.hour &&
    plain.getUTCMinutes() === clock.minute;
  if (!exists || clock.second > 59) {
    return invalid(column, dataverseErrors.invalidArgument, `"${text}" is not a calendar date`);
  }
  if (clock.year < firstYear) {
    return invalid(column, dataverseErrors.invalidArgument, `must not be before ${firstYear}`);
  }
  if (column.type === 'dateOnly') return value(`${year}-${month}-${day}`);
  // A clock time that is the same everywhere has no zone to convert from.
  if (column.behavior === 'timeZoneIndependent') return value(dateTimeText(plain.getTime()));
  const instant =
    zone === undefined ? instantOf(clock, timeZone) : plain.getTime() - offsetMs(zone);
  return value(dateTimeText(instant));
}

function offsetMs(zone: string): number {
  if (zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))) * 60_000;
}

/** Parties of an activity: rows of the tables that can take part in one. */
function parseParties(column: Column, input: unknown): ParsedValue {
  const parties: LookupValue[] = [];
  for (const one of Array.isArray(input) ? input : [input]) {
    const parsed = parseLookup({ ...column, targets: column.targets ?? [] }, one);
    if (parsed.kind === 'invalid') return parsed;
    const party = parsed.value;
    const known = isLookupValue(party) && parties.some((other) => equalValues(other, party));
    if (isLookupValue(party) && !known) parties.push(party);
  }
  return value(parties.length === 0 ? null : parties);
}

function parseLookup(column: Column, input: unknown): ParsedValue {
  const targets = column.targets ?? [];
  const only = targets.length === 1 ? targets[0] : undefined;
  const candidate =
    typeof input === 'string' && only !== undefined ? { table: only, id: input } : input;
  const id =
    isLookupValue(candidate) && typeof candidate.id === 'string' ? parseGuid(candidate.id) : null;
  if (!isLookupValue(candidate) || typeof candidate.table !== 'string' || id === null) {
    return invalid(column, dataverseErrors.invalidArgument, 'expects a row { table, id }');
  }
  if (targets.length > 0 && !targets.includes(candidate.table)) {
    return invalid(
      column,
      dataverseErrors.invalidArgument,
      `cannot point at table "${candidate.table}"; allowed: ${targets.join(', ')}`,
    );
  }
  const row = { table: candidate.table, id };
  if (typeof candidate.name !== 'string') return value(row);
  if (candidate.name.includes('\0')) return unstorable(column);
  return value({ ...row, name: candidate.name.toWellFormed() });
}
