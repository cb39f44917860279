import type { ModelIndex } from '../app-model.ts';
import { dataverseErrors } from '../dataverse-error.ts';
import type { ManyToMany, ManyToOne, Table } from '../table.ts';
import {
  mandatoryColumns,
  type OfflineProfile,
  type OfflineProfileItem,
} from './offline-profile.ts';
import { type ProfileLimits, profileLimits } from './profile-limits.ts';

export interface ProfileFinding {
  /** Dataverse error number. */
  readonly code: string;
  readonly table: string;
  readonly message: string;
}

/** Rows of `source` on the device bring the related rows of the item's table along. */
export type ProfileEdge =
  | {
      readonly source: string;
      readonly relationship: ManyToOne;
      /** `target`: the source row points at ours. `child`: our row points at the source row. */
      readonly direction: 'target' | 'child';
    }
  | {
      readonly source: string;
      readonly relationship: ManyToMany;
      readonly direction: 'pair';
      /** Columns of the intersect table: of the source row, and of ours. */
      readonly sourceColumn: string;
      readonly ownColumn: string;
    };

export interface PlannedTable {
  readonly table: string;
  readonly item: OfflineProfileItem;
  readonly edges: readonly ProfileEdge[];
}

export type ProfilePlan =
  | { readonly kind: 'ok'; readonly tables: readonly PlannedTable[] }
  | { readonly kind: 'invalid'; readonly findings: readonly ProfileFinding[] };

export interface ProfileOptions {
  /** Default: `profileLimits.seed`. */
  readonly limits?: ProfileLimits;
  /** Checks a custom filter; the language of filters is not known here. Default: every text is accepted. */
  readonly checkFilter?: (
    item: OfflineProfileItem,
    limits: ProfileLimits,
  ) => readonly ProfileFinding[];
}

/** Tables that come with others and cannot be added by hand. */
const automaticTables: ReadonlyMap<string, string> = new Map([
  ['activityparty', dataverseErrors.profileActivityParty],
  ['businessdatalocalizedlabel', dataverseErrors.profileLocalizedLabel],
]);

/**
 * Checks a profile as publishing it does, all findings at once, and orders its tables so that the sources of related
 * rows come first. Intersect tables between tables of the profile are added.
 */
export function planProfile(
  index: ModelIndex,
  profile: OfflineProfile,
  options: ProfileOptions = {},
): ProfilePlan {
  return new Publication(index, profile, options).run();
}

class Publication {
  readonly #index: ModelIndex;
  readonly #profile: OfflineProfile;
  readonly #options: ProfileOptions;
  readonly #limits: ProfileLimits;
  readonly #findings: ProfileFinding[] = [];
  readonly #items = new Map<string, OfflineProfileItem>();
  readonly #planned = new Map<string, PlannedTable>();

  constructor(index: ModelIndex, profile: OfflineProfile, options: ProfileOptions) {
    this.#index = index;
    this.#profile = profile;
    this.#options = options;
    this.#limits = options.limits ?? profileLimits.seed;
  }

  run(): ProfilePlan {
    if (this.#profile.name.trim() === '') {
      this.#find('profileNameEmpty', '', 'The profile needs a name.');
    }
    for (const item of this.#profile.items) this.#addItem(item);
    for (const item of this.#items.values()) {
      const edges = item.relationships.flatMap((name) => this.#edge(item, name) ?? []);
      this.#planned.set(item.table, { table: item.table, item, edges });
    }
    for (const planned of this.#planned.values()) this.#checkItem(planned);
    this.#addIntersects();
    const order = this.#sortBySource();
    return this.#findings.length > 0
      ? { kind: 'invalid', findings: this.#findings }
      : { kind: 'ok', tables: order };
  }

  #find(name: keyof typeof dataverseErrors, table: string, message: string): void {
    this.#findings.push({ code: dataverseErrors[name], table, message });
  }

  #addItem(item: OfflineProfileItem): void {
    const { table: name } = item;
    const automatic = automaticTables.get(name);
    if (automatic !== undefined) {
      const message = `Table "${name}" comes with the tables that need it; it cannot be added by hand.`;
      this.#findings.push({ code: automatic, table: name, message });
      return;
    }
    const table = this.#index.table(name);
    if (table === undefined) {
      this.#find('profileInvalidTable', name, `Table "${name}" does not exist.`);
      return;
    }
    if (this.#items.has(name)) {
      this.#find('profileDuplicateTable', name, `Table "${name}" occurs twice.`);
      return;
    }
    if (this.#isPair(table)) {
      const message = `Table "${name}" connects two others; it comes with them and cannot be added by hand.`;
      this.#find('profileIntersect', name, message);
      return;
    }
    if (table.isVirtual === true) {
      this.#find('profileVirtualTable', name, `Table "${name}" is virtual.`);
    } else if (!table.availableOffline || !table.changeTracking) {
      const what = table.availableOffline ? 'change tracking' : 'offline use';
      this.#find('profileTableNotOffline', name, `Table "${name}" is not enabled for ${what}.`);
    }
    this.#items.set(name, item);
  }

  /** An intersect table of a relationship of the app; the platform's own may be added. */
  #isPair(table: Table): boolean {
    return this.#index.model.relationships.some(
      (one) => one.kind === 'manyToMany' && one.intersect === table.name,
    );
  }

  #edge(item: OfflineProfileItem, name: string): ProfileEdge | null {
    const { table } = item;
    if (name.trim() === '') {
      this.#find(
        'profileRelationshipIdEmpty',
        table,
        `Table "${table}" lists a relationship without a name.`,
      );
      return null;
    }
    const edge = resolveEdge(this.#index, table, name);
    if (edge === null) {
      const none = this.#relationshipsOf(table) === 0;
      this.#find(
        none ? 'profileNoRelationships' : 'profileRelationshipNotOnTable',
        table,
        none
          ? `Table "${table}" has no relationships, so "${name}" cannot be one.`
          : `Relationship "${name}" does not belong to table "${table}".`,
      );
      return null;
    }
    if (edge.source === table) {
      this.#find('profileCircular', table, `Circular reference: ${table} => ${table}.`);
      return null;
    }
    if (!this.#items.has(edge.source)) {
      this.#find(
        'profileRelatedTableMissing',
        table,
        `Relationship "${name}" needs table "${edge.source}" in the profile.`,
      );
      return null;
    }
    return edge;
  }

  #relationshipsOf(table: string): number {
    return this.#index.model.relationships.filter((one) =>
      one.kind === 'manyToOne'
        ? one.table === table || one.target === table
        : one.table1 === table || one.table2 === table,
    ).length;
  }

  #checkItem({ table, item, edges }: PlannedTable): void {
    const definition = this.#index.table(table);
    this.#checkRelationships(table, item, edges, definition?.isCustom === true);
    this.#checkCriteria(item, edges, definition);
    const { min, max } = this.#limits.intervalMinutes;
    const minutes = item.intervalMinutes;
    if (!Number.isInteger(minutes) || minutes < min || minutes > max) {
      const message = `Table "${table}" syncs every ${minutes} minutes; ${min} to ${max} are possible.`;
      this.#find('invalidArgument', table, message);
    }
    if (item.days !== undefined && (!Number.isInteger(item.days) || item.days < 0)) {
      this.#find(
        'invalidArgument',
        table,
        `Table "${table}": days must be a whole number, not ${item.days}.`,
      );
    }
    if (item.columns !== undefined && definition !== undefined) {
      const own = new Set(definition.columns.map((column) => column.name));
      const unknown = item.columns.filter((name) => !own.has(name));
      const missing = mandatoryColumns(definition).filter(
        (name) => own.has(name) && !item.columns?.includes(name),
      );
      if (unknown.length > 0) {
        this.#find('unknownColumn', table, `Table "${table}" has no column ${unknown.join(', ')}.`);
      }
      if (missing.length > 0) {
        this.#find('invalidArgument', table, `Table "${table}" must keep ${missing.join(', ')}.`);
      }
    }
  }

  #checkRelationships(
    table: string,
    item: OfflineProfileItem,
    edges: readonly ProfileEdge[],
    custom: boolean,
  ): void {
    const advice = custom
      ? ' Revisit the data model of this custom table: fewer relationships, or more direct ones.'
      : '';
    const count = this.#transitive(table, new Set());
    if (count > this.#limits.relationships) {
      const message = `Table "${table}" of profile "${this.#profile.name}" has ${count} relationships, those of related tables included; the limit is ${this.#limits.relationships}: ${item.relationships.join(', ')}.${advice}`;
      this.#find('profileRelationshipLimit', table, message);
    }
    const toMany = edges.filter((edge) => edge.direction !== 'target');
    if (toMany.length > this.#limits.toManyRelationships) {
      const names = toMany.map((edge) => edge.relationship.name).join(', ');
      const message = `Table "${table}" has ${toMany.length} relationships that bring many rows for one (1:N or N:N); the limit is ${this.#limits.toManyRelationships}: ${names}.${advice}`;
      this.#find('profileRelationshipLimit', table, message);
    }
  }

  /** A reference costs one, and whatever the table it refers to costs. */
  #transitive(table: string, path: ReadonlySet<string>): number {
    if (path.has(table)) return 0;
    const inside = new Set([...path, table]);
    const edges = this.#planned.get(table)?.edges ?? [];
    return edges.reduce((sum, edge) => sum + 1 + this.#transitive(edge.source, inside), 0);
  }

  #checkCriteria(
    item: OfflineProfileItem,
    edges: readonly ProfileEdge[],
    definition: Table | undefined,
  ): void {
    const { table } = item;
    const owners = [item.mine, item.myTeams, item.myBusinessUnit].filter(Boolean).length;
    const wrong = (message: string) =>
      this.#find('profileCriteria', table, `Table "${table}" ${message}`);
    if (!['related', 'all', 'other', 'custom'].includes(item.criteria)) {
      wrong('has no rule for its rows; choose related, all, other or custom.');
      return;
    }
    if (item.criteria !== 'other' && owners > 0) {
      wrong(
        `downloads ${item.criteria} rows; my rows, my teams' and my business unit's cannot be added to that.`,
      );
    }
    if (item.criteria !== 'custom' && item.filter !== undefined) {
      wrong(`downloads ${item.criteria} rows; a filter cannot be added to that.`);
    }
    if (item.criteria === 'other') {
      const ownership = definition?.ownership ?? 'user';
      if (owners === 0) {
        wrong("needs at least one of: my rows, my teams' rows, my business unit's rows.");
      } else if (ownership === 'organization' || ownership === 'none') {
        wrong('has no owners: choose all, related or custom.');
      } else if (ownership === 'business' && (item.mine === true || item.myTeams === true)) {
        wrong('belongs to business units: only the rows of my business unit can be chosen.');
      }
    }
    if (item.criteria === 'related' && edges.length === 0) {
      const message = `Table "${table}" downloads related rows only but has no relationship.`;
      this.#find('profileRelatedOnly', table, message);
    }
    if (item.criteria === 'custom') {
      if (item.filter === undefined) {
        this.#find('profileFilterInvalid', table, `Table "${table}" needs a filter.`);
      } else {
        this.#findings.push(...(this.#options.checkFilter?.(item, this.#limits) ?? []));
      }
    }
  }

  /** Pairs between two tables of the profile come with them. */
  #addIntersects(): void {
    for (const one of this.#index.model.relationships) {
      if (one.kind !== 'manyToMany' || this.#planned.has(one.intersect)) continue;
      const present = this.#items.has(one.table1) && this.#items.has(one.table2);
      if (!present || this.#index.table(one.intersect) === undefined) continue;
      const edge = (column: string, target: string): ProfileEdge => ({
        source: target,
        direction: 'child',
        relationship: {
          kind: 'manyToOne',
          name: `${one.name}.${column}`,
          table: one.intersect,
          column,
          target,
          cascade: { assign: 'noCascade', delete: 'cascade' },
        },
      });
      const minutes = [one.table1, one.table2].map(
        (table) => this.#items.get(table)?.intervalMinutes ?? 10,
      );
      this.#planned.set(one.intersect, {
        table: one.intersect,
        item: {
          table: one.intersect,
          criteria: 'related',
          relationships: [],
          intervalMinutes: Math.min(...minutes),
        },
        edges: [edge(one.column1, one.table1), edge(one.column2, one.table2)],
      });
    }
  }

  #sortBySource(): readonly PlannedTable[] {
    const order: PlannedTable[] = [];
    const done = new Set<string>();
    const visit = (name: string, path: readonly string[]): void => {
      const table = this.#planned.get(name);
      if (table === undefined || done.has(name)) return;
      if (path.includes(name)) {
        const chain = [...path.slice(path.indexOf(name)), name].join(' => ');
        this.#find('profileCircular', name, `Circular reference: ${chain}.`);
        return;
      }
      for (const edge of table.edges) visit(edge.source, [...path, name]);
      if (done.has(name)) return;
      done.add(name);
      order.push(table);
    };
    for (const name of this.#planned.keys()) visit(name, []);
    return order;
  }
}

function resolveEdge(index: ModelIndex, table: string, name: string): ProfileEdge | null {
  for (const relationship of index.model.relationships) {
    if (relationship.name !== name) continue;
    if (relationship.kind === 'manyToMany') {
      const { table1, column1, table2, column2 } = relationship;
      if (table2 === table) {
        return {
          source: table1,
          relationship,
          direction: 'pair',
          sourceColumn: column1,
          ownColumn: column2,
        };
      }
      if (table1 === table) {
        return {
          source: table2,
          relationship,
          direction: 'pair',
          sourceColumn: column2,
          ownColumn: column1,
        };
      }
    } else if (relationship.target === table) {
      return { source: relationship.table, relationship, direction: 'target' };
    } else if (relationship.table === table) {
      return { source: relationship.target, relationship, direction: 'child' };
    }
  }
  return null;
}
