import type { Random } from '../ports.ts';

/**
 * Formats of auto-number columns: text with `{SEQNUM:length}`, `{RANDSTRING:length}` and `{DATETIMEUTC:format}`.
 * (learn.microsoft.com/power-apps/developer/data-platform/create-auto-number-attributes)
 */
export type AutoNumberPart =
  | { readonly kind: 'text'; readonly text: string }
  /** Digits: at least so many. */
  | { readonly kind: 'sequence'; readonly length: number }
  | { readonly kind: 'random'; readonly length: number }
  /** A date and time in UTC, in the letters of .NET. */
  | { readonly kind: 'date'; readonly format: string };

/** The number that a sequence begins with unless a seed is set, as in Dataverse. */
export const autoNumberSeed = 1000;

const placeholder = /\{(SEQNUM|RANDSTRING):(\d+)\}|\{DATETIMEUTC:([^{}]+)\}/g;

export function parseAutoNumber(format: string): readonly AutoNumberPart[] {
  const parts: AutoNumberPart[] = [];
  let end = 0;
  const text = (until: number) => {
    if (until > end) parts.push({ kind: 'text', text: format.slice(end, until) });
  };
  for (const found of format.matchAll(placeholder)) {
    const [whole, kind, length, date] = found;
    text(found.index);
    end = found.index + whole.length;
    if (date !== undefined) parts.push({ kind: 'date', format: date });
    else parts.push({ kind: kind === 'SEQNUM' ? 'sequence' : 'random', length: Number(length) });
  }
  text(format.length);
  return parts;
}

/** The value of a new row. */
export function autoNumber(
  parts: readonly AutoNumberPart[],
  sequence: number,
  nowMs: number,
  random: Random,
): string {
  return parts
    .map((part) => {
      switch (part.kind) {
        case 'text':
          return part.text;
        case 'sequence':
          return String(sequence).padStart(part.length, '0');
        case 'random':
          return Array.from({ length: part.length }, () => randomCharacter(random)).join('');
        case 'date':
          return dateIn(part.format, new Date(nowMs));
        default:
          return part satisfies never;
      }
    })
    .join('');
}

/** The sequence number in a value that the format has made; null: it has not. */
export function sequenceIn(parts: readonly AutoNumberPart[], value: string): number | null {
  const pattern = parts.map((part) => {
    switch (part.kind) {
      case 'text':
        return part.text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
      case 'sequence':
        return `(\\d{${part.length},})`;
      case 'random':
        return `[0-9A-Z]{${part.length}}`;
      case 'date':
        return '.+?';
      default:
        return part satisfies never;
    }
  });
  const found = new RegExp(`^${pattern.join('')}$`).exec(value)?.[1];
  return found === undefined ? null : Number(found);
}

const characters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

function randomCharacter(random: Random): string {
  return characters.charAt(Math.floor(random.next() * characters.length));
}

/** The letters of .NET that stand for digits of a date; others are themselves. */
function dateIn(format: string, at: Date): string {
  return format.replace(/y+|M+|d+|H+|h+|m+|s+/g, (letters) => {
    switch (letters.charAt(0)) {
      case 'y':
        return letters.length <= 2
          ? padded(at.getUTCFullYear() % 100, letters)
          : padded(at.getUTCFullYear(), letters);
      case 'M':
        return padded(at.getUTCMonth() + 1, letters);
      case 'd':
        return padded(at.getUTCDate(), letters);
      case 'H':
        return padded(at.getUTCHours(), letters);
      case 'h':
        return padded(at.getUTCHours() % 12 || 12, letters);
      case 'm':
        return padded(at.getUTCMinutes(), letters);
      default:
        return padded(at.getUTCSeconds(), letters);
    }
  });
}

function padded(number: number, letters: string): string {
  return String(number).padStart(letters.length, '0');
}
