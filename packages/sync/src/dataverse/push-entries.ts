import {
  type Cells,
  cellsToValue,
  currentCells,
  dataverseErrors,
  equalValues,
  type ModelIndex,
  syncErrorTable,
  type Table,
} from '@outpost/model';
import { errorBody } from '../http/failure.ts';
import {
  type ConflictPolicy,
  changedColumns,
  type EntryKey,
  type EntryResult,
  groupsOf,
  inPieces,
  type PushEntry,
  type SyncErrorType,
  sameKey,
  syncErrorCells,
} from '../protocol/index.ts';
import { guidOf } from './hash.ts';
import type { BatchAnswer, BatchRequest } from './multipart.ts';
import { bodyOf, cellsOf, readableSlots } from './row-cells.ts';
import { fault, type Json, type WebApiClient } from './web-api-client.ts';

/**
 * Requests in one batch, see
 * https://learn.microsoft.com/power-apps/developer/data-platform/webapi/execute-batch-operations-using-web-api
 */
const maxOperations = 1000;

export interface PushContext {
  readonly client: WebApiClient;
  readonly index: ModelIndex;
  readonly policy: ConflictPolicy;
  readonly userId: string;
  readonly now: number;
  /** The content of an uploaded file in Base64; null: it has not been uploaded. */
  contentOf(reference: string): string | null;
}

/**
 * Carries out queued edits as ordinary requests, each change set as one. A Web API has no keys of edits: an answer that
 * was lost shows in the row, which then holds already what the edit wants.
 */
export async function pushEntries(
  context: PushContext,
  made: readonly PushEntry[],
  signal: AbortSignal | undefined,
): Promise<readonly EntryResult[]> {
  const results: EntryResult[] = [];
  const entries = made.map((entry) => currentEntry(context.index, entry));
  for (const group of groupsOf(entries)) {
    const isBlocked = group.some((entry) =>
      entry.after.some((key) => isOpen(key, group, entries, results)),
    );
    if (isBlocked) {
      results.push(...group.map(({ key }): EntryResult => ({ key, status: 'blocked' })));
    } else results.push(...(await pushGroup(context, group, results, signal)));
  }
  return results;
}

/** An edit that may have been made under earlier definitions. */
function currentEntry(index: ModelIndex, entry: PushEntry): PushEntry {
  const table = index.table(entry.table);
  if (table === undefined) return entry;
  const { set, base } = entry;
  return { ...entry, set: currentCells(table, set), base: currentCells(table, base) };
}

/** Whether an edit that another one needs is not carried out, or not yet. One that is not here was applied before. */
function isOpen(
  key: EntryKey,
  group: readonly PushEntry[],
  entries: readonly PushEntry[],
  results: readonly EntryResult[],
): boolean {
  const isHere = (all: readonly { readonly key: EntryKey }[]) =>
    all.some((one) => sameKey(one.key, key));
  if (!isHere(entries) || isHere(group)) return false;
  return results.find((one) => sameKey(one.key, key))?.status !== 'applied';
}

/** What stands in the organization under an entry's id. */
interface Stored {
  readonly version: number;
  readonly cells: Cells;
}

/** Ids are made on devices, and never twice: a row that the user has made is the one of the edit. Null: not known. */
function isMadeBy({ cells }: Stored, userId: string): boolean | null {
  const maker = cells['createdby'] ?? null;
  return maker === null ? null : maker === userId;
}

function isEqual({ cells }: Stored, { set }: PushEntry): boolean {
  return Object.entries(set).every(
    ([slot, cell]) =>
      slot.includes('$') || !Object.hasOwn(cells, slot) || (cells[slot] ?? null) === cell,
  );
}

interface Planned {
  readonly entry: PushEntry;
  readonly table: Table | undefined;
  /** Null: nothing is to be sent. */
  readonly request: BatchRequest | null;
}

async function pushGroup(
  context: PushContext,
  group: readonly PushEntry[],
  earlier: readonly EntryResult[],
  signal: AbortSignal | undefined,
): Promise<readonly EntryResult[]> {
  const [first] = group;
  if (first !== undefined && group.length > maxOperations) {
    const message = `A Web API carries out at most ${maxOperations} edits as one.`;
    const reason: RefusalOf = { errorType: 3, code: 'outpost:transactionTooLarge', message };
    return refuseAll(context, group, first, reason, signal);
  }
  const planned: Planned[] = [];
  const own = new Set<string>();
  for (const entry of group) {
    const plan = await planEntry(context, entry, earlier, own, signal);
    if ('refused' in plan) return refuseAll(context, group, entry, plan.refused, signal);
    planned.push(plan);
    own.add(`${entry.table}/${entry.id}`);
  }
  const sent = planned.flatMap(({ request }) => (request === null ? [] : [request]));
  if (sent.length > 0) {
    const answers = await context.client.writeAll(sent, signal);
    const failed = answers.findIndex((one) => one.status > 399);
    const answer = answers[failed];
    if (answer !== undefined) {
      return judge(context, group, culprit(answer, planned) ?? group[0], answer, signal);
    }
  }
  const results: EntryResult[] = [];
  for (const { entry, table } of planned) {
    const stored = table === undefined ? null : await readStored(context, table, entry.id, signal);
    results.push({ key: entry.key, status: 'applied', version: stored?.version ?? 0 });
  }
  return results;
}

/** A failed change set answers with one error; its Content-ID says which of the requests it is about. */
function culprit({ contentId }: BatchAnswer, planned: readonly Planned[]): PushEntry | undefined {
  const sent = planned.filter(({ request }) => request !== null);
  return sent[Number(contentId ?? 1) - 1]?.entry;
}

interface RefusalOf {
  readonly errorType: SyncErrorType;
  readonly code: string;
  readonly message: string;
  readonly columns?: readonly string[];
}

async function planEntry(
  context: PushContext,
  entry: PushEntry,
  earlier: readonly EntryResult[],
  own: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<Planned | { readonly refused: RefusalOf }> {
  const table = context.index.table(entry.table);
  if (table === undefined) {
    const message = `Table "${entry.table}" does not exist.`;
    return { refused: { errorType: 3, code: dataverseErrors.unknownTable, message } };
  }
  // A Web API ignores what is read-only: the user would not learn that it is lost.
  const changed = entry.op === 'delete' ? null : changedColumns(table, entry.set);
  if (changed !== null) return { refused: changed };
  const address = `${table.setName}(${entry.id})`;
  if (entry.op === 'create') {
    const body = {
      ...bodyOf(context.index, table, entry.set, (one) => context.contentOf(one)),
      [table.primaryId]: entry.id,
    };
    return { entry, table, request: { method: 'POST', path: table.setName, body } };
  }
  const isOwn = own.has(`${entry.table}/${entry.id}`);
  const stored = isOwn ? null : await readStored(context, table, entry.id, signal);
  if (stored === null && !isOwn && entry.op === 'delete') return { entry, table, request: null };
  const skip = isOwn || stored === null ? [] : conflictsOf(context, table, entry, stored, earlier);
  if ('refused' in skip) return skip;
  // Nobody may write between the look at the row and the write.
  const condition = stored === null || context.policy === 'off' ? '*' : `W/"${stored.version}"`;
  const headers = { 'If-Match': condition };
  if (entry.op === 'delete') {
    return { entry, table, request: { method: 'DELETE', path: address, headers } };
  }
  const set = Object.fromEntries(
    Object.entries(entry.set).filter(([slot]) => !skip.includes(slot.replace(/\$[tn]$/, ''))),
  );
  const body = bodyOf(context.index, table, set, (one) => context.contentOf(one));
  return { entry, table, request: { method: 'PATCH', path: address, headers, body } };
}

/** Columns that need no write, or the conflict. */
function conflictsOf(
  { policy }: PushContext,
  table: Table,
  entry: PushEntry,
  stored: Stored,
  earlier: readonly EntryResult[],
): readonly string[] | { readonly refused: RefusalOf } {
  const version = versionOf(entry.baseOf, earlier) ?? entry.baseVersion;
  const isOlder = version !== null && stored.version !== version;
  // The edit that this one stands on may have been joined with what others wrote, which its user has not seen.
  const standsOnOwn = entry.op === 'update' && entry.baseOf !== null;
  if (policy === 'off' || !(isOlder || standsOnOwn)) return [];
  const value = (cells: Cells, name: string) => {
    const column = table.columns.find((one) => one.name === name);
    return column === undefined ? null : cellsToValue(column, (slot) => cells[slot] ?? null);
  };
  const columns = table.columns
    .map((one) => one.name)
    .filter((name) => Object.hasOwn(entry.set, name));
  const equal = columns.filter((name) =>
    equalValues(value(stored.cells, name), value(entry.set, name)),
  );
  // The answer to an earlier try was lost.
  if (entry.op === 'update' && equal.length === columns.length) return equal;
  const wrong = columns.filter(
    (name) =>
      !equal.includes(name) &&
      ((policy === 'on' && isOlder) ||
        !equalValues(value(stored.cells, name), value(entry.base, name))),
  );
  if (entry.op === 'update' && wrong.length === 0 && (policy === 'merge' || !isOlder)) return equal;
  return {
    refused: {
      errorType: 0,
      code: dataverseErrors.concurrencyVersionMismatch,
      message: `${table.label} was changed by somebody else.`,
      columns: wrong.length === 0 ? columns : wrong,
    },
  };
}

function versionOf(key: EntryKey | null, earlier: readonly EntryResult[]): number | null {
  if (key === null) return null;
  const result = earlier.find((one) => sameKey(one.key, key));
  return result?.status === 'applied' ? result.version : null;
}

/** What an error answer means for a group. */
async function judge(
  context: PushContext,
  group: readonly PushEntry[],
  at: PushEntry | undefined,
  answer: BatchAnswer,
  signal: AbortSignal | undefined,
): Promise<readonly EntryResult[]> {
  const { status } = answer;
  const { code, message } = errorBody(answer.json);
  if (status === 429 || status >= 500) {
    if (status === 429 || status === 503) throw fault(answer);
    return group.map(({ key }) => ({ key, status: 'retryLater' }));
  }
  if (at === undefined) return [];
  const table = context.index.table(at.table);
  if (code === dataverseErrors.duplicateRecord && at.op === 'create' && table !== undefined) {
    const stored = await readStored(context, table, at.id, signal);
    const isOurs = stored !== null && (isMadeBy(stored, context.userId) ?? isEqual(stored, at));
    // The answer to an earlier try was lost.
    if (isOurs) {
      return group.map(({ key }) => ({ key, status: 'applied', version: stored.version }));
    }
  }
  const types: Readonly<Record<string, SyncErrorType>> = {
    [dataverseErrors.concurrencyVersionMismatch]: 0,
    [dataverseErrors.objectDoesNotExist]: at.op === 'update' ? 1 : 3,
    [dataverseErrors.duplicateRecord]: 2,
    [dataverseErrors.duplicateEntityKey]: 2,
  };
  const reason = {
    errorType: types[code ?? ''] ?? 3,
    code: code ?? 'outpost:refused',
    message: message ?? `The organization answered with status ${status}.`,
  };
  return refuseAll(context, group, at, reason, signal);
}

/** Every refusal is a row of `syncerror` too, which its user sees everywhere. Throws where it cannot be written. */
async function refuseAll(
  { client, index, now, userId }: PushContext,
  group: readonly PushEntry[],
  at: PushEntry,
  reason: RefusalOf,
  signal: AbortSignal | undefined,
): Promise<readonly EntryResult[]> {
  const errors = index.table(syncErrorTable.name) ?? syncErrorTable;
  const requests: BatchRequest[] = [];
  const results = group.map((entry): EntryResult => {
    const own: RefusalOf =
      entry === at
        ? reason
        : {
            errorType: 3,
            code: 'outpost:changeSet',
            message: `Was made together with an edit that is refused: ${reason.message}`,
          };
    const { errorType, code, message, columns = [] } = own;
    const syncError = guidOf(['sync error', userId, ...entry.key]);
    const cells = syncErrorCells(entry, own, userId, now);
    // It belongs to whoever makes it.
    const { ownerid: _, ...ownerless } = cells;
    const body = { ...bodyOf(index, errors, ownerless, () => null), [errors.primaryId]: syncError };
    requests.push({ method: 'POST', path: errors.setName, body });
    return { key: entry.key, status: 'refused', errorType, code, message, columns, syncError };
  });
  for (const piece of inPieces(requests, maxOperations)) {
    const failed = (await client.writeAll(piece, signal)).find((one) => one.status > 399);
    // An edit has one sync error, however often its refusal is asked for.
    const isThere = errorBody(failed?.json).code === dataverseErrors.duplicateRecord;
    if (failed !== undefined && !isThere) throw fault(failed);
  }
  return results;
}

/** Null: there is none, or none that the user may read. */
async function readStored(
  { client, index }: PushContext,
  table: Table,
  id: string,
  signal: AbortSignal | undefined,
): Promise<Stored | null> {
  const slots = readableSlots(index.table(table.name) ?? table, null);
  const answer = await client.read(`${table.setName}(${id})`, signal);
  if (answer.status === 404 || answer.status === 403) return null;
  if (answer.status !== 200) throw fault(answer);
  const row = answer.json as Json;
  const cells = cellsOf(row, slots);
  return {
    version: Number(row['versionnumber'] ?? /\d+/.exec(String(row['@odata.etag']))?.[0] ?? 0),
    cells: Object.fromEntries(slots.map((slot, i) => [slot.name, cells[i] ?? null])),
  };
}
