import { isDocumentColumn } from '@outpost/model';
import { join, name, sql } from '@outpost/query';
import type { DocumentRequest, DocumentResponse } from '@outpost/sync/protocol';
import { HttpError } from '../server-error.ts';
import type { ReadTx } from '../store/server-store.ts';
import { viewOf } from '../sync/page.ts';
import type { Caller, SyncEnv } from '../sync/sync-env.ts';
import { checkFence } from '../sync/versions.ts';
import { readContentPart } from './content.ts';

/** A part of the document that a row of V(T) names in a column that the caller may read. */
export async function document(
  env: SyncEnv,
  tx: ReadTx,
  caller: Caller,
  { device, table, id, column, reference, at }: DocumentRequest,
): Promise<DocumentResponse> {
  await checkFence(tx, caller, device);
  const view = viewOf(caller, table);
  const definition = env.index.column(table, column);
  const isSent = view.columns.includes(column);
  if (definition === undefined || !isDocumentColumn(definition) || !isSent) throw gone();
  const statement = join(
    [
      sql(`SELECT v.${name(column)} FROM ${name(table)} v WHERE `),
      view.predicate,
      sql(` AND v.${name(view.primaryId)} = ?`, id),
    ],
    '',
  );
  const row = (await tx.all(statement.text, statement.params))[0];
  if (row === undefined || row[0] !== reference) throw gone();
  const part = at < 0 ? null : await readContentPart(tx, { table, id, column }, at);
  if (part === null || part.length === 0) {
    throw new HttpError(400, 'outpost:documentPart', 'The document has no bytes there.');
  }
  return { now: new Date(env.now()).toISOString(), data: part.toString('base64') };
}

/** One answer for what is not there and for what is not for the caller. */
function gone(): HttpError {
  return new HttpError(404, 'outpost:documentGone', 'There is no such document for you.');
}
