import { fold, type Random } from '@outpost/model';
import { seededRandom } from '@outpost/testkit';

/** A contact as people keep it. */
export interface SearchRow {
  readonly id: string;
  readonly fullname: string;
  readonly emailaddress1: string;
  readonly telephone1: string;
  readonly city: string;
  readonly description: string;
}

export const searchFields = [
  'fullname',
  'emailaddress1',
  'telephone1',
  'city',
  'description',
] as const;

const syllables =
  'ba be bi bo bra ca ce chi co cra da de di dra el en fa fe fo ga ge gra ha he hi in ja je ka ke ko la le li lo ma me mi mo na ne no on or pa pe pra re ri ro sa se shi so sta te ti to tra un va vi wa we ya za'.split(
    ' ',
  );
const endings = 'n s r l t m son ton man berg field ley well ford er ing ski ova'.split(' ');
const givenNames =
  'James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth Karen Charles Lisa Daniel Nancy Matthew Anna Anthony Sandra Mark Emily Steven Andrew Margaret Paul Donna Jürgen Zoë François Søren Łukasz Chloé Martina Marta Martin José María Inés Renée'.split(
    ' ',
  );

/** Contacts with names, addresses and a text of 14 words, the frequent words far more frequent than the rare ones. */
export function searchRows(count: number, seed = 7): readonly SearchRow[] {
  const random = seededRandom(seed);
  const int = (below: number) => Math.floor(random.next() * below);
  const pick = <T>(list: readonly T[]): T => list[int(list.length)] as T;
  const word = (parts: number) =>
    Array.from({ length: parts }, () => pick(syllables)).join('') + pick(endings);
  const capital = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1);
  const families = Array.from({ length: 6000 }, () => capital(word(2 + int(2))));
  const cities = Array.from(
    { length: 1200 },
    (_, i) => capital(word(2)) + (i % 7 === 0 ? ' City' : ''),
  );
  const vocabulary = Array.from({ length: 9000 }, () => word(1 + int(3)));
  const frequent = () => {
    const place = Math.exp(random.next() * Math.log(vocabulary.length)) - 1 + random.next() * 3;
    return vocabulary[Math.min(vocabulary.length - 1, Math.floor(place))] ?? '';
  };
  const plain = (text: string) => fold(text).replace(/[^a-z]/g, '');
  return Array.from({ length: count }, (_, n) => {
    const given = pick(givenNames);
    const family = families[Math.floor(families.length * random.next() ** 1.6)] ?? '';
    const digits = (length: number) => Array.from({ length }, () => int(10)).join('');
    const domain = word(2) + (int(2) === 0 ? '.com' : '.example.org');
    return {
      id: `00000001-0000-4000-8000-${n.toString(16).padStart(12, '0')}`,
      fullname:
        int(5) < 3 ? `${given} ${family}` : `${capital(frequent())} ${family} ${capital(word(1))}`,
      emailaddress1: `${plain(given)}.${plain(family)}${int(100)}@${domain}`,
      telephone1: `+${1 + int(9)} (${digits(3)}) ${digits(3)}-${digits(4)}`,
      city: pick(cities),
      description: `${capital(Array.from({ length: 14 }, frequent).join(' '))}.`,
    };
  });
}

/** Terms that somebody who looks for one of the rows may type. */
export interface SearchTerms {
  readonly prefix: readonly string[];
  readonly two: readonly string[];
  readonly contains: readonly string[];
  readonly typo: readonly string[];
}

export function searchTerms(rows: readonly SearchRow[], count: number): SearchTerms {
  const random: Random = seededRandom(99);
  const int = (below: number) => Math.floor(random.next() * below);
  const terms = { prefix: [], two: [], contains: [], typo: [] } as Record<
    keyof SearchTerms,
    string[]
  >;
  while (terms.prefix.length < count) {
    const [given = '', family = ''] = fold(rows[int(rows.length)]?.fullname ?? '').split(' ');
    if (family.length < 6) continue;
    terms.prefix.push(family.slice(0, 3 + int(3)));
    terms.two.push(`${given.slice(0, 3 + int(2))} ${family.slice(0, 4)}`);
    terms.contains.push(family.slice(1, 5));
    const at = 1 + int(family.length - 2);
    const other = 'abcdefghijklmnop'[int(16)] ?? 'a';
    terms.typo.push(family.slice(0, at) + other + family.slice(at + int(2)));
  }
  return terms;
}
