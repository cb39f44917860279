import type { Cell } from '@outpost/model';
import type { IncomingMessage, OutgoingMessage } from '@outpost/sync/http';
import type { PullResponse, PushRequest, TableRows } from '@outpost/sync/protocol';
import type { Ledger } from '../world/ledger.ts';
import type { Run } from '../world/run-world.ts';
import type { SimDevice } from '../world/sim-device.ts';
import { namesOf } from '../world/written-cell.ts';
import { currentRights } from './oracle.ts';
import { ViolationFound } from './violation.ts';

/** W-6: every row of an answer is one that the caller may read, and that belongs on the caller's devices. */
export async function checkAnswer(
  { server, now }: Run,
  device: SimDevice,
  { path, token }: OutgoingMessage,
  { status, text }: IncomingMessage,
  commitsBefore: number,
): Promise<void> {
  if (status !== 200 || !(path.endsWith('/page') || path.endsWith('/pull'))) return;
  const body = JSON.parse(text) as TableRows | PullResponse;
  const parts = 'changes' in body ? body.changes : [body];
  const sent = parts.filter((part) => part.rows.length > 0);
  noteRows(device, token, sent, server.model);
  // The answer's own audit is one commit; with others, the rows may have been right when they were read.
  if (sent.length === 0 || server.store.commits > commitsBefore + 1) return;
  const rights = await currentRights(server.store, server.model, token, now);
  for (const { table, columns, rows } of sent) {
    const key = columns.indexOf(
      server.model.tables.find((one) => one.name === table)?.primaryId ?? columns[0] ?? '',
    );
    const allowed = rights.onDevice.get(table) ?? rights.readable.get(table);
    if (allowed === undefined) continue;
    for (const row of rows) {
      const id = String(row[key]);
      if (allowed.has(id)) continue;
      const what =
        rights.readable.get(table)?.has(id) === true ? 'is not in its profile' : 'it may not read';
      throw new ViolationFound('W-6', `${device.name} was sent ${table} ${id}, which ${what}.`);
    }
  }
}

/** W-12, W-19: no row is sent before a row made on the device that it names; every edit goes up as its author's. */
export function checkUpload(
  { ledger }: Run,
  device: SimDevice,
  { body, token }: OutgoingMessage,
): void {
  const client = device.client;
  if (client === null || body === null) return;
  const { entries } = JSON.parse(body) as PushRequest;
  checkAuthors(ledger, device, token, entries);
  const here = new Set(entries.map((entry) => entry.id));
  const own = new Set(
    ledger.edits.filter((one) => one.device === device.index).map((one) => one.id),
  );
  for (const [i, entry] of entries.entries()) {
    for (const target of Object.values(entry.set).filter((cell): cell is Cell & string =>
      own.has(String(cell)),
    )) {
      if (target === entry.id) continue;
      const waiting = client.store.all(
        `SELECT 1 FROM "$outbox" WHERE row_id = ? AND op = 'create' AND state IN ('queued', 'sent')`,
        [target],
      );
      const isEarlier = entries.slice(0, i).some((one) => one.id === target);
      if (waiting.length > 0 && (!here.has(target) || !isEarlier)) {
        throw new ViolationFound(
          'W-12',
          `${entry.table} ${entry.id} is sent before ${target}, which it names.`,
        );
      }
    }
  }
}

/** W-19, by what edits wrote and by when they were first seen in the queue. */
function checkAuthors(
  ledger: Ledger,
  device: SimDevice,
  caller: string,
  entries: PushRequest['entries'],
): void {
  const authors = new Map(
    ledger.edits.flatMap((one) =>
      one.device === device.index && one.name.includes('=tok-') ? [[one.name, one.author]] : [],
    ),
  );
  for (const { key, op, table, id, set } of entries) {
    const written = namesOf(table, id, set).flatMap((name) => authors.get(name) ?? []);
    const author = [...written, device.people.authorOf(key)].find((one) => one !== caller);
    if (author === undefined) continue;
    throw new ViolationFound(
      'W-19',
      `${device.name} sends ${op} of ${table} ${id}, which ${author} made, as ${caller}.`,
    );
  }
}

/** The user whom rows are sent to has them here from now on. */
function noteRows(
  { people }: SimDevice,
  userId: string,
  parts: readonly TableRows[] | PullResponse['changes'],
  model: Run['server']['model'],
): void {
  const rows = people.rowsOf(userId);
  for (const { table, columns, rows: sent } of parts) {
    const primary = model.tables.find((one) => one.name === table)?.primaryId;
    const key = columns.indexOf(primary ?? columns[0] ?? '');
    for (const row of sent) rows.add(String(row[key]));
  }
}
