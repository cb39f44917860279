import {
  type AppModel,
  type ColumnDefinition,
  defineApp,
  defineTable,
  withSystemTables,
} from '@outpost/model';
import {
  type ChangeSet,
  type DeviceStore,
  type OpenStoreOptions,
  openStore,
  type RowChange,
} from '../src/index.ts';
import { memoryStorage } from '../src/node/index.ts';

export const accountColumns: Readonly<Record<string, ColumnDefinition>> = {
  name: { type: 'string', maxLength: 160 },
  employees: { type: 'integer' },
  revenue: { type: 'money' },
  city: { type: 'string' },
  parentid: { type: 'lookup', targets: ['account'] },
};

/** A model with the given tables, each a list of columns. */
export function modelOf(
  tables: Readonly<Record<string, Readonly<Record<string, ColumnDefinition>>>>,
): AppModel {
  return withSystemTables(
    defineApp({
      name: 'Test',
      uniqueName: 'test',
      tables: Object.entries(tables).map(([name, columns]) =>
        defineTable({ name, label: name, primaryName: 'name', ownership: 'user', columns }),
      ),
    }),
  );
}

export const testModel: AppModel = modelOf({ account: accountColumns });

export const id = (n: number): string =>
  `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

export interface OpenedStore {
  readonly store: DeviceStore;
  /** Change sets since the schema was applied. */
  readonly commits: ChangeSet[];
}

/** A store with the table `account`; `city` is folded beside the name. Bypassing the gateway is an error. */
export async function openTestStore(options: Partial<OpenStoreOptions> = {}): Promise<OpenedStore> {
  const store = await openStore({
    storage: memoryStorage(),
    tripwire: 'assert',
    freeze: true,
    foldedSlots: () => new Map([['account', new Set(['city'])]]),
    onFault(error) {
      throw error;
    },
    ...options,
  });
  store.applySchema(testModel, ['account']);
  const commits: ChangeSet[] = [];
  store.commits.subscribe((set) => commits.push(set));
  return { store, commits };
}

/** Row changes of a commit; fails the test when a table comes without images. */
export function rowsOf(set: ChangeSet | undefined): readonly RowChange[] {
  return [...(set?.tables.values() ?? [])].flatMap((changes) => {
    if (changes.kind !== 'rows') throw new Error(`no images: ${changes.kind}`);
    return changes.rows;
  });
}
