import type { Dice } from './dice.ts';
import { dates, id, instants, texts } from './world.ts';

/** A query of the oracle: plain data, written as FetchXML and evaluated by hand, never parsed. */
export interface Spec {
  readonly root: NodeSpec;
  readonly distinct: boolean;
  readonly aggregate: boolean;
  readonly top: number | null;
  readonly rawOrder: boolean;
}
export interface NodeSpec {
  readonly table: string;
  readonly alias: string;
  readonly columns: readonly ColumnSpec[];
  readonly filter: FilterSpec | null;
  readonly links: readonly LinkSpec[];
  readonly orders: readonly OrderSpec[];
}
export interface ColumnSpec {
  readonly column: string;
  readonly alias?: string;
  readonly aggregate?: string;
  readonly distinct?: boolean;
  readonly group?: boolean;
  readonly grouping?: string;
}
export interface OrderSpec {
  readonly column: string;
  readonly descending: boolean;
}
export interface LinkSpec extends NodeSpec {
  readonly from: string;
  readonly to: string;
  readonly type: string;
}
export interface FilterSpec {
  readonly kind: 'and' | 'or';
  readonly items: readonly (ConditionSpec | FilterSpec | LinkSpec)[];
}
export interface ConditionSpec {
  readonly column: string;
  readonly operator: string;
  readonly values: readonly string[];
  readonly of?: string;
}

export const types: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  person: {
    personid: 'id',
    name: 'text',
    city: 'text',
    age: 'number',
    score: 'number',
    born: 'day',
    seen: 'instant',
    clock: 'clock',
    vip: 'boolean',
    level: 'choice',
    tags: 'choices',
    bossid: 'lookup',
    homeid: 'lookup',
  },
  place: { placeid: 'id', title: 'text', zone: 'number', keeperid: 'lookup' },
  visit: {
    visitid: 'id',
    note: 'text',
    personid: 'lookup',
    placeid: 'lookup',
    cost: 'number',
    at: 'instant',
  },
};
export const targets: Readonly<Record<string, string>> = {
  bossid: 'person',
  homeid: 'place',
  keeperid: 'person',
  'visit.personid': 'person',
  'visit.placeid': 'place',
};
export const keyOf = (table: string): string => `${table}id`;

const edges: Readonly<
  Record<string, readonly (readonly [table: string, from: string, to: string])[]>
> = {
  person: [
    ['place', 'placeid', 'homeid'],
    ['person', 'personid', 'bossid'],
    ['visit', 'personid', 'personid'],
    ['place', 'keeperid', 'personid'],
    ['person', 'city', 'name'],
  ],
  place: [
    ['person', 'homeid', 'placeid'],
    ['person', 'personid', 'keeperid'],
    ['visit', 'placeid', 'placeid'],
  ],
  visit: [
    ['person', 'personid', 'personid'],
    ['place', 'placeid', 'placeid'],
  ],
};

const plainDays = [
  'yesterday',
  'today',
  'tomorrow',
  'last-seven-days',
  'next-seven-days',
  'last-week',
  'this-week',
  'next-week',
  'last-month',
  'this-month',
  'next-month',
  'last-year',
  'this-year',
  'next-year',
  'this-fiscal-year',
  'last-fiscal-year',
  'next-fiscal-year',
  'this-fiscal-period',
  'last-fiscal-period',
  'next-fiscal-period',
];
const amountDays = [
  ...['days', 'weeks', 'months', 'years'].flatMap((unit) => [
    `last-x-${unit}`,
    `next-x-${unit}`,
    `olderthan-x-${unit}`,
  ]),
  'last-x-fiscal-years',
  'next-x-fiscal-years',
  'last-x-fiscal-periods',
  'next-x-fiscal-periods',
];
const times = ['last-x-hours', 'next-x-hours', 'olderthan-x-hours', 'olderthan-x-minutes'];

export function makeSpec(dice: Dice): Spec {
  const aggregate = dice.chance(0.2);
  const maker = new Maker(dice, aggregate);
  const distinct = !aggregate && dice.chance(0.15);
  const root = maker.node(dice.pick(['person', 'person', 'visit', 'place']), 'root', 0);
  return {
    root,
    distinct,
    aggregate,
    top: dice.chance(0.2) ? dice.int(1, 5) : null,
    rawOrder: dice.chance(0.3),
  };
}

class Maker {
  readonly #dice: Dice;
  readonly #aggregate: boolean;
  #links = 0;
  #outputs = 0;

  constructor(dice: Dice, aggregate: boolean) {
    this.#dice = dice;
    this.#aggregate = aggregate;
  }

  node(table: string, alias: string, depth: number): NodeSpec {
    const dice = this.#dice;
    const links =
      depth < 2 && dice.chance(depth === 0 ? 0.55 : 0.35) ? [this.link(table, depth, false)] : [];
    if (depth === 0 && dice.chance(0.2)) links.push(this.link(table, depth, false));
    return {
      table,
      alias,
      columns: this.columns(table, depth),
      filter: dice.chance(0.75) ? this.filter(table, depth, 0) : null,
      links,
      orders: this.#aggregate || !dice.chance(0.6) ? [] : this.orders(table),
    };
  }

  columns(table: string, depth: number): readonly ColumnSpec[] {
    const dice = this.#dice;
    const names = Object.keys(types[table] ?? {});
    if (!this.#aggregate) {
      return [...new Set(dice.some(names, depth === 0 ? 1 : 0, 3))].map((column) => ({ column }));
    }
    const count = dice.int(depth === 0 ? 1 : 0, 2);
    return Array.from({ length: count }, (): ColumnSpec => {
      const column = dice.pick(names);
      const type = types[table]?.[column];
      this.#outputs += 1;
      const alias = `o${this.#outputs}`;
      if (dice.chance(0.45) && type !== 'choices') {
        const dated = type === 'instant' || type === 'day' || type === 'clock';
        if (dated) {
          const grouping = dice.pick([
            'day',
            'week',
            'month',
            'quarter',
            'year',
            'fiscal-period',
            'fiscal-year',
          ]);
          return { column, alias, group: true, grouping };
        }
        return { column, alias, group: true };
      }
      const numeric = type === 'number';
      const ordered = numeric || ['text', 'day', 'instant', 'clock'].includes(type ?? '');
      const functions = [
        'count',
        'countcolumn',
        ...(numeric ? ['sum', 'avg'] : []),
        ...(ordered ? ['min', 'max'] : []),
      ];
      const aggregate = dice.pick(functions);
      const distinct = aggregate === 'countcolumn' && dice.chance(0.5);
      return { column, alias, aggregate, ...(distinct ? { distinct } : {}) };
    });
  }

  orders(table: string): readonly OrderSpec[] {
    const names = Object.keys(types[table] ?? {}).filter(
      (name) => types[table]?.[name] !== 'choices',
    );
    return [...new Set(this.#dice.some(names, 1, 2))].map((column) => ({
      column,
      descending: this.#dice.chance(0.5),
    }));
  }

  link(table: string, depth: number, inFilter: boolean): LinkSpec {
    const dice = this.#dice;
    const [other, from, to] = dice.pick(edges[table] ?? []);
    this.#links += 1;
    const type = inFilter
      ? dice.pick(['any', 'not any', 'all', 'not all'])
      : dice.pick([
          'inner',
          'inner',
          'outer',
          'outer',
          'exists',
          'in',
          'any',
          'not any',
          'all',
          'matchfirstrowusingcrossapply',
        ]);
    const tests = inFilter || !['inner', 'outer', 'matchfirstrowusingcrossapply'].includes(type);
    const node = this.node(other, `l${this.#links}`, depth + 1);
    return { ...node, ...(tests ? { columns: [], orders: [] } : {}), from, to, type };
  }

  filter(table: string, depth: number, level: number): FilterSpec {
    const dice = this.#dice;
    const items = Array.from({ length: dice.int(1, 3) }, () => {
      if (level < 2 && dice.chance(0.2)) return this.filter(table, depth, level + 1);
      if (depth < 2 && dice.chance(0.12)) return this.link(table, depth, true);
      return this.condition(table);
    });
    return { kind: dice.pick(['and', 'or']), items };
  }

  condition(table: string): ConditionSpec {
    const dice = this.#dice;
    const names = Object.keys(types[table] ?? {});
    const column = dice.pick(names);
    const type = types[table]?.[column] ?? 'text';
    const same = names.filter((name) => comparableTypes(type, types[table]?.[name] ?? ''));
    if (dice.chance(0.08) && type !== 'choices') {
      return {
        column,
        operator: dice.pick(['eq', 'ne', 'gt', 'ge', 'lt', 'le']),
        values: [],
        of: dice.pick(same),
      };
    }
    if (dice.chance(0.1)) return { column, operator: dice.pick(['null', 'not-null']), values: [] };
    const value = () => this.value(table, column, type);
    const one = (operators: readonly string[]): ConditionSpec => ({
      column,
      operator: dice.pick(operators),
      values: [value()],
    });
    const list = (operators: readonly string[]): ConditionSpec => ({
      column,
      operator: dice.pick(operators),
      values: Array.from({ length: dice.int(1, 3) }, value),
    });
    const two = (operators: readonly string[]): ConditionSpec => ({
      column,
      operator: dice.pick(operators),
      values: [value(), value()],
    });
    const equal = ['eq', 'ne', 'neq'];
    const sorted = ['gt', 'ge', 'lt', 'le'];
    switch (type) {
      case 'text': {
        if (dice.chance(0.4)) {
          const pattern = dice.pick([
            '%',
            'a%',
            '%z',
            '%a%',
            '_b',
            '[a-c]%',
            '[^a-c]%',
            'l_dz',
            '%[%]%',
            '[[]x]',
            '[',
            'STRA%',
            'Str_ße',
            '[]]',
            '[^^]',
            '[x-]%',
            '%\u{1F600}%',
            'gr[äx]z',
            '%%',
            '[z-a]%',
            '[+--]%',
          ]);
          return {
            column,
            operator: dice.pick([
              'like',
              'not-like',
              'begins-with',
              'not-begin-with',
              'ends-with',
              'not-end-with',
            ]),
            values: [pattern],
          };
        }
        return dice.pick([
          () => one([...equal, ...sorted]),
          () => list(['in', 'not-in']),
          () => two(['between', 'not-between']),
        ])();
      }
      case 'number':
        return dice.pick([
          () => one([...equal, ...sorted]),
          () => list(['in', 'not-in']),
          () => two(['between', 'not-between']),
        ])();
      case 'boolean':
      case 'choice':
        return dice.pick([() => one(equal), () => list(['in', 'not-in'])])();
      case 'choices':
        return dice.pick([
          () => list(['contain-values', 'not-contain-values']),
          () => one(equal),
          () => list(['in', 'not-in']),
        ])();
      case 'lookup': {
        if (column === 'bossid' && dice.chance(0.3))
          return one(['under', 'eq-or-under', 'not-under', 'above', 'eq-or-above']);
        if (dice.chance(0.3)) {
          return {
            column,
            operator: dice.pick(['like', 'not-like', 'begins-with']),
            values: [dice.pick(['%', 'a%', '%z%', 'str%'])],
          };
        }
        return dice.pick([
          () => one(equal),
          () => list(['in', 'not-in']),
          () => ({
            column,
            operator: dice.pick(['eq-userid', 'ne-userid', 'eq-userteams', 'eq-useroruserteams']),
            values: [],
          }),
        ])();
      }
      case 'id': {
        if (column === 'personid' && dice.chance(0.4))
          return one(['under', 'eq-or-under', 'not-under', 'above', 'eq-or-above']);
        return dice.pick([() => one([...equal, ...sorted]), () => list(['in', 'not-in'])])();
      }
      default: {
        const relative = (
          operators: readonly string[],
          values: readonly string[],
        ): ConditionSpec => ({ column, operator: dice.pick(operators), values });
        return dice.pick([
          () => one([...equal, ...sorted]),
          () => two(['between', 'not-between']),
          () => relative(['on', 'on-or-before', 'on-or-after'], [dice.pick(dates)]),
          () => relative(plainDays, []),
          () => relative(amountDays, [String(dice.int(1, 14))]),
          () => relative(['in-fiscal-year'], [String(dice.int(2024, 2027))]),
          () => relative(['in-fiscal-period'], [String(dice.int(1, 5))]),
          () =>
            relative(
              [
                'in-fiscal-period-and-year',
                'in-or-before-fiscal-period-and-year',
                'in-or-after-fiscal-period-and-year',
              ],
              [String(dice.int(1, 5)), String(dice.int(2024, 2027))],
            ),
          () =>
            type === 'day' ? relative(plainDays, []) : relative(times, [String(dice.int(1, 30))]),
        ])();
      }
    }
  }

  value(table: string, column: string, type: string): string {
    const dice = this.#dice;
    switch (type) {
      case 'text':
        return dice.pick(texts);
      case 'number':
        return column === 'score' || column === 'cost'
          ? (dice.int(-30, 300) / 100).toFixed(2)
          : String(dice.int(-2, 12));
      case 'boolean':
        return dice.pick(['0', '1', 'true', 'FALSE']);
      case 'choice':
        return String(dice.int(1, 4));
      case 'choices':
        return dice.pick(['1', '2', '1,2', '3;1', '4']);
      case 'lookup': {
        const target = targets[`${table}.${column}`] ?? targets[column] ?? 'person';
        return id(target === 'person' ? 1 : 2, dice.int(1, 8));
      }
      case 'id':
        return `{${id(table === 'person' ? 1 : table === 'place' ? 2 : 3, dice.int(1, 8)).toUpperCase()}}`;
      case 'day':
        return dice.pick(dates);
      default:
        return dice.chance(0.3) ? dice.pick(dates) : dice.pick(instants);
    }
  }
}

function comparableTypes(a: string, b: string): boolean {
  const kind = (type: string) =>
    type === 'lookup' ? 'id' : ['day', 'instant', 'clock'].includes(type) ? type : type;
  return kind(a) === kind(b);
}

// FetchXML

const escaped = (text: string) => text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);

export function toFetchXml(spec: Spec): string {
  const flags = [
    spec.distinct ? ' distinct="true"' : '',
    spec.aggregate ? ' aggregate="true"' : '',
    spec.rawOrder ? ' useraworderby="1"' : '',
    spec.top === null ? '' : ` top="${spec.top}"`,
  ];
  return `<fetch${flags.join('')}><entity name="${spec.root.table}">${inside(spec.root)}</entity></fetch>`;
}

function inside(node: NodeSpec): string {
  const columns = node.columns.map((one) => {
    const more = [
      one.alias === undefined ? '' : ` alias="${one.alias}"`,
      one.aggregate === undefined ? '' : ` aggregate="${one.aggregate}"`,
      one.distinct === true ? ' distinct="true"' : '',
      one.group === true ? ' groupby="true"' : '',
      one.grouping === undefined ? '' : ` dategrouping="${one.grouping}"`,
    ];
    return `<attribute name="${one.column}"${more.join('')}/>`;
  });
  const orders = node.orders.map(
    (one) => `<order attribute="${one.column}" descending="${one.descending}"/>`,
  );
  const filter = node.filter === null ? '' : filterXml(node.filter);
  return [...columns, filter, ...node.links.map(linkXml), ...orders].join('');
}

function linkXml(link: LinkSpec): string {
  return `<link-entity name="${link.table}" alias="${link.alias}" from="${link.from}" to="${link.to}" link-type="${link.type}">${inside(link)}</link-entity>`;
}

function filterXml(filter: FilterSpec): string {
  const items = filter.items.map((item) => {
    if ('operator' in item) return conditionXml(item);
    return 'kind' in item ? filterXml(item) : linkXml(item);
  });
  return `<filter type="${filter.kind}">${items.join('')}</filter>`;
}

function conditionXml({ column, operator, values, of }: ConditionSpec): string {
  const head = `<condition attribute="${column}" operator="${operator}"`;
  if (of !== undefined) return `${head} valueof="${of}"/>`;
  if (values.length === 1) return `${head} value="${escaped(values[0] ?? '')}"/>`;
  if (values.length === 0) return `${head}/>`;
  return `${head}>${values.map((value) => `<value>${escaped(value)}</value>`).join('')}</condition>`;
}
