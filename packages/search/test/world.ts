import {
  type AppModel,
  defineApp,
  defineTable,
  indexModel,
  type LookupValue,
  type Random,
  type RowValues,
  valueToCells,
  withSystemTables,
} from '@outpost/model';
import { createQueryEngine, foldedSlots, type QueryEngine } from '@outpost/query';
import {
  type DeviceStore,
  type OpenStoreOptions,
  openStore,
  type StorageLocation,
  StoreError,
  type WriteTx,
} from '@outpost/store';
import { memoryStorage } from '@outpost/store/node';
import { VirtualClock } from '@outpost/testkit';
import { createSearch, type Search, SearchIndex, searchModule } from '../src/index.ts';

const quickFind = (
  table: string,
  order: string,
  shown: readonly string[],
  find: readonly string[],
) => ({
  id: `${table}-quick`,
  name: 'Quick Find',
  table,
  queryType: 4,
  isDefault: false,
  layout: [],
  fetchXml: `<fetch><entity name="${table}">${shown.map((one) => `<attribute name="${one}"/>`).join('')}<order attribute="${order}"/><filter><condition attribute="statecode" operator="eq" value="0"/><filter type="or" isquickfindfields="1">${find.map((one) => `<condition attribute="${one}" operator="like" value="{0}"/>`).join('')}</filter></filter></entity></fetch>`,
});
const level = [
  { value: 1, label: 'Very Hot' },
  { value: 2, label: 'Warm' },
  { value: 3, label: 'Cold, Łódź' },
];

export const contactFind = [
  'fullname',
  'city',
  'telephone1',
  'emailaddress1',
  'description',
  'age',
  'revenue',
  'level',
  'levels',
  'isvip',
  'accountid',
  'customerid',
  'born',
];

export function makeModel(find: readonly string[] = contactFind): AppModel {
  return withSystemTables(
    defineApp({
      name: 'Search',
      uniqueName: 'search',
      tables: [
        defineTable({
          name: 'account',
          label: 'Account',
          primaryName: 'name',
          ownership: 'user',
          hasState: true,
          columns: { name: { type: 'string' }, city: { type: 'string' } },
        }),
        defineTable({
          name: 'contact',
          label: 'Contact',
          primaryName: 'fullname',
          ownership: 'user',
          hasState: true,
          columns: {
            fullname: { type: 'string' },
            city: { type: 'string' },
            telephone1: { type: 'string', format: 'phone' },
            emailaddress1: { type: 'string', format: 'email' },
            description: { type: 'memo' },
            age: { type: 'integer' },
            revenue: { type: 'money', precision: 2 },
            level: { type: 'choice', options: level },
            levels: { type: 'choices', options: level },
            isvip: {
              type: 'boolean',
              options: [
                { value: 0, label: 'Standard' },
                { value: 1, label: 'VIP' },
              ],
            },
            accountid: { type: 'lookup', targets: ['account'] },
            customerid: { type: 'customer', targets: ['account', 'contact'] },
            born: { type: 'dateOnly' },
            nickname: { type: 'string' },
          },
        }),
        defineTable({
          name: 'plain',
          label: 'Plain',
          primaryName: 'name',
          ownership: 'user',
          columns: { name: { type: 'string' } },
        }),
      ],
      savedQueries: [
        quickFind('contact', 'fullname', ['fullname', 'city', 'nickname'], find),
        quickFind('account', 'name', ['name'], ['name', 'city']),
      ],
    }),
  );
}

export const id = (table: 'a' | 'c', n: number): string =>
  `${table}0000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

/** A store with its index, its queries and its search. */
export interface World {
  readonly store: DeviceStore;
  readonly clock: VirtualClock;
  readonly index: SearchIndex;
  readonly queries: QueryEngine;
  readonly search: Search;
  /** Sets the cells of a row, inside a transaction. */
  put(tx: WriteTx, table: 'account' | 'contact', rowId: string, values: RowValues): void;
}

export interface WorldOptions {
  readonly model?: AppModel;
  readonly storage?: StorageLocation;
  readonly sliceRows?: number;
  readonly grouped?: boolean;
  readonly tripwire?: OpenStoreOptions['tripwire'];
}

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const { model = makeModel(), storage = memoryStorage(), tripwire } = options;
  const store = await openStore({
    storage,
    modules: [searchModule],
    foldedSlots,
    ...(tripwire === undefined ? {} : { tripwire }),
    // Rows changed with SQL are part of some tests; nothing else that is only reported is.
    onFault(error) {
      if (!(error instanceof StoreError) || error.code !== 'write.bypassed') throw error;
    },
  });
  store.applySchema(model, ['account', 'contact', 'plain']);
  return attachWorld(store, model, options);
}

/** Search over an open store. */
export function attachWorld(
  store: DeviceStore,
  model: AppModel,
  options: WorldOptions = {},
): World {
  const clock = new VirtualClock();
  const byName = indexModel(model);
  const index = new SearchIndex({
    store,
    model: byName,
    clock,
    ...(options.sliceRows === undefined ? {} : { sliceRows: options.sliceRows }),
  });
  const offlineTables = new Set(['account', 'contact', 'plain']);
  const queries = createQueryEngine({
    store,
    model: byName,
    offlineTables,
    context: () => ({ now: 0, timeZone: 'UTC', userId: null, businessUnitId: null, teamIds: [] }),
  });
  const search = createSearch({
    store,
    queries,
    model: byName,
    index,
    offlineTables,
    clock,
    ...(options.grouped === undefined ? {} : { grouped: options.grouped }),
  });
  return {
    store,
    clock,
    index,
    queries,
    search,
    put(tx, table, rowId, values) {
      const cells = Object.entries({ statecode: 0, ...values }).map(([name, value]) => {
        const column = byName.column(table, name);
        if (column === undefined) throw new Error(name);
        return valueToCells(column, value);
      });
      tx.upsert(table, rowId, Object.assign({}, ...cells));
    },
  };
}

export const account = (n: number, name: string): LookupValue => ({
  table: 'account',
  id: id('a', n),
  name,
});

const names = [
  'Ana',
  'Anna',
  'Élodie',
  'E\u0301lodie',
  'Łukasz',
  'Søren',
  'Groß',
  'Gross',
  'Martin',
  'Martina',
  'Müller',
  'Mueller',
  "O'Brien",
  'Jean-Luc',
  'José',
  'Þór',
  '李小龍',
  'שלום',
  'Ωμέγας',
  'Straße',
  'Ａｎａ',
  'ﬁn',
  '👍Ana',
  '한글',
];
const words = [
  'alpine',
  'ski',
  'house',
  'skihouse',
  'contoso',
  'ltd.',
  'über',
  '100%',
  'a_b',
  '[x]',
  'a*b',
  'x-1',
];
const phones = [
  '+41 (44) 668-18-00',
  '044 668 18 00',
  '0041446681800',
  '555.0100',
  '555-0199 ext 12',
  'n/a',
  '12',
];
const mails = ['ana.lima@contoso.com', 'Martin_12@example.org', 'søren@æther.dk', '@'];

/** Text and values that are hard to search. */
export class Generator {
  readonly #random: Random;
  constructor(random: Random) {
    this.#random = random;
  }

  int(below: number): number {
    return Math.floor(this.#random.next() * below);
  }
  pick<T>(list: readonly T[]): T {
    const found = list[this.int(list.length)];
    if (found === undefined) throw new Error('Nothing to pick from.');
    return found;
  }
  maybe<T>(make: () => T): T | null {
    return this.int(4) === 0 ? null : make();
  }

  name(): string {
    const parts = Array.from({ length: 1 + this.int(3) }, () => this.pick([...names, ...words]));
    const text = parts.join(this.pick([' ', ' ', '  ', '-', ', ']));
    return this.int(12) === 0 ? this.pick(['"', '(', ' ', '+', '.']) + text : text;
  }

  text(): string {
    if (this.int(40) === 0) return 'x'.repeat(70) + this.name();
    if (this.int(60) === 0) return `${'lorem ipsum '.repeat(400)}${this.name()}`;
    return Array.from({ length: 1 + this.int(6) }, () => this.name()).join(' ');
  }

  contact(): RowValues {
    const lookup = () => {
      const n = this.int(12);
      // Some targets are not on the device, and some remember another name than they have now.
      return account(n, n > 8 ? `Away ${this.name()}` : this.name());
    };
    return {
      fullname: this.maybe(() => this.name()),
      city: this.maybe(() => this.name()),
      telephone1: this.maybe(() => this.pick(phones)),
      emailaddress1: this.maybe(() => this.pick(mails)),
      description: this.maybe(() => this.text()),
      age: this.maybe(() => this.int(40)),
      revenue: this.maybe(() => this.pick([0, 12, 12.5, 1200, 1200.5, -3])),
      level: this.maybe(() => 1 + this.int(3)),
      levels: this.maybe(() => this.pick([[1], [1, 3], [2, 3], [1, 2, 3]])),
      isvip: this.maybe(() => this.int(2) === 1),
      accountid: this.maybe(lookup),
      customerid: this.maybe(lookup),
      born: this.maybe(() => '2000-01-12'),
      nickname: this.maybe(() => this.name()),
      statecode: this.int(5) === 0 ? 1 : 0,
    };
  }

  accountRow(): RowValues {
    return {
      name: this.maybe(() => this.name()),
      city: this.maybe(() => this.name()),
      statecode: this.int(6) === 0 ? 1 : 0,
    };
  }

  /** A term: a piece of something that may be there, wildcards, or nothing like it. */
  term(): string {
    const source = this.pick<() => string>([
      () => this.name(),
      () => this.name(),
      () => this.text(),
      () => this.pick(phones),
      () => this.pick(mails),
      () => this.pick(['Very Hot', 'Warm', 'Cold, Łódź', 'VIP', 'Standard', 'Very Hot; Cold']),
      () =>
        this.pick(['12', '1,200', '1200.5', '-3', '1200', '7', '2000-01-12', '44 668', '6681800']),
      () =>
        this.pick([
          '',
          ' ',
          '*',
          '%',
          '_',
          '[',
          ']',
          '[a]',
          '?',
          '+',
          'ß',
          'ł',
          'a',
          'é',
          'xx',
          '😀',
        ]),
    ])();
    const characters = [...source];
    const from = this.int(3) === 0 ? this.int(characters.length) : 0;
    const piece = characters
      .slice(from, from + 1 + this.int(Math.min(14, characters.length)))
      .join('');
    switch (this.int(8)) {
      case 0:
        return `*${piece}`;
      case 1:
        return `${piece.slice(0, 2)}*${piece.slice(3)}`;
      case 2:
        return piece.toUpperCase();
      case 3:
        return `${piece} `;
      default:
        return piece;
    }
  }
}
