import type { DeviceStore, SqlDriver } from '@outpost/store';
import { quoted } from '@outpost/store';
import { readFact, type SyncFacts, writeFact } from '../engine/sync-state.ts';
import { type Entry, readEntries } from '../outbox/entry.ts';

/** What becomes of edits that are not in the organization: kept until their user signs in again, or given up. */
export type PendingEdits = 'keep' | 'discard';

/** What signing out has left or taken. */
export interface SignOutResult {
  readonly pending: PendingEdits;
  /** Something is kept: the database is still the user's. */
  readonly keeps: boolean;
  /** Edits that were kept, or discarded: those that wait, and those with a sync error. */
  readonly edits: readonly Entry[];
  /** What was typed into forms and not saved. */
  readonly drafts: number;
}

/** Facts that stay: what entries are named by, whose they are, and the definitions that say what they mean. */
const keptFacts: readonly (keyof SyncFacts)[] = [
  'device',
  'epoch',
  'previousEpochs',
  'nextSeq',
  'app',
  'appModel',
  'owner',
  'account',
  'signOut',
];

/**
 * What stays for the user's return, table by table, with the condition of its rows; of everything else nothing stays,
 * whoever made the table.
 */
const keptForReturn: ReadonlyMap<string, string> = new Map([
  ['$meta', '1'],
  ['$sync', `key IN (${keptFacts.map((one) => `'${one}'`).join(', ')})`],
  ['$outbox', '1'],
  // What they do to other rows.
  ['$effect', '1'],
  ['$epoch', '1'],
  // That a row is edited; what the row was is taken out below.
  ['$base', '1'],
  ['$document', 'reference IN (SELECT reference FROM temp.wanted)'],
  ['$document_part', 'reference IN (SELECT reference FROM temp.wanted)'],
  // Of the forms.
  ['$draft', '1'],
]);
/** Nobody comes back: only that it is to be done again if it is interrupted. */
const keptOfNobody: ReadonlyMap<string, string> = new Map([
  ['$meta', '1'],
  ['$sync', `key = 'signOut'`],
]);
/** Tables that are made while the app runs, one for each part of the search index. */
const isMadeAnew = (name: string) => /^\$sx\d+$/.test(name);

/** Edits that only this device has. */
export function ownEdits(store: DeviceStore): readonly Entry[] {
  return readEntries(store, "state <> 'applied'");
}

export function ownDrafts(store: DeviceStore): number {
  const isThere = store.all(`SELECT 1 FROM sqlite_schema WHERE name = '$draft'`).length > 0;
  return isThere ? Number(store.all('SELECT count(*) FROM "$draft"')[0]?.[0]) : 0;
}

/** Signing out has begun, and is carried out however the process ends. */
export function beginSignOut(store: DeviceStore, keeps: boolean): void {
  store.write({ origin: 'system', durability: 'full' }, (tx) =>
    writeFact(tx.sql, 'signOut', keeps ? 'keep' : 'discard'),
  );
}

/** Whether something is kept, when signing out has begun and not ended; null: it has not. */
export function signOutBegun(store: DeviceStore): { readonly keeps: boolean } | null {
  const begun = readFact(store, 'signOut');
  return begun === null ? null : { keeps: begun === 'keep' };
}

/**
 * Takes everything of the user out of the database, but what is kept for their return; nothing of it can be found in the
 * file afterwards. May be repeated from any point. Where nothing is kept, the database is to be deleted then.
 */
export function removeUser(driver: SqlDriver, keeps: boolean): void {
  const staying = keeps ? keptForReturn : keptOfNobody;
  driver.transaction(() => {
    noteWantedDocuments(driver);
    driver.exec(`UPDATE "$base" SET cells = NULL`);
    const models = new Set(names(driver, 'SELECT table_name FROM "$schema"'));
    for (const name of names(driver, `SELECT name FROM sqlite_schema WHERE type = 'table'`)) {
      const stays = staying.get(name);
      if (models.has(name) || isMadeAnew(name)) driver.exec(`DROP TABLE ${quoted(name)}`);
      else if (name !== 'sqlite_sequence') {
        driver.exec(
          `DELETE FROM ${quoted(name)}${stays === undefined ? '' : ` WHERE NOT (${stays})`}`,
        );
      }
    }
    driver.exec('DROP TABLE temp.wanted');
  });
  driver.exec('VACUUM');
  driver.checkpoint();
  if (!keeps) return;
  driver.transaction(() => {
    driver.exec(`DELETE FROM "$sync" WHERE key = 'signOut'`);
    driver.exec(`INSERT OR REPLACE INTO "$sync" (key, value) VALUES ('signedOut', 'yes')`);
  });
  driver.checkpoint();
}

/** Contents that edits bring. */
function noteWantedDocuments(driver: SqlDriver): void {
  driver.exec('CREATE TEMP TABLE wanted (reference TEXT PRIMARY KEY)');
  for (const edit of names(driver, 'SELECT set_json FROM "$outbox"')) {
    for (const [reference] of edit.matchAll(/sha256:[0-9a-f]+:\d+/g)) {
      driver.prepare('INSERT OR IGNORE INTO temp.wanted VALUES (?)').run([reference]);
    }
  }
}

function names(driver: SqlDriver, sql: string): readonly string[] {
  return driver
    .prepare(sql)
    .all()
    .map(([name]) => String(name));
}
