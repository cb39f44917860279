import { createHash } from 'node:crypto';
import {
  base64ToBytes,
  type ColumnValue,
  documentReferenceText,
  isDocumentColumn,
  parseDocumentReference,
  type RowValues,
  type Table,
} from '@outpost/model';
import { dropContent, readContent, writeContent } from '../documents/content.ts';
import { uploaded } from '../documents/upload.ts';
import type { ReadTx } from '../store/server-store.ts';
import { Refusal } from './refusal.ts';
import type { WriteScope } from './write-env.ts';

/**
 * Takes the contents of files out of given values and keeps them with the row; the values then name them. Content comes
 * as Base64, or by the name of what the same user has uploaded before.
 */
export async function takeDocuments(
  { env, tx, writer }: WriteScope,
  table: Table,
  id: string,
  given: Record<string, ColumnValue>,
  before: RowValues | null,
): Promise<void> {
  for (const column of table.columns.filter(isDocumentColumn)) {
    const value = given[column.name];
    if (value === undefined || value === (before?.[column.name] ?? null)) continue;
    const place = { table: table.name, id, column: column.name };
    if (value === null || value === '') {
      given[column.name] = null;
      await dropContent(tx, place);
      continue;
    }
    const content = await contentOf(String(value));
    const limit = writer.kind === 'system' ? Number.POSITIVE_INFINITY : env.maxDocumentBytes;
    if (content.length > limit) {
      throw refused(`${column.label} has ${content.length} bytes; at most ${limit} are possible.`);
    }
    await writeContent(tx, place, content);
    const hash = createHash('sha256').update(content).digest('hex');
    given[column.name] = documentReferenceText({ hash, bytes: content.length });

    function refused(message: string): Refusal {
      return new Refusal('invalidArgument', message, 3, [column.name]);
    }
    async function contentOf(text: string): Promise<Buffer> {
      if (parseDocumentReference(text) === null) {
        const bytes = base64ToBytes(text);
        if (bytes === null) throw refused(`${column.label} is not Base64.`);
        return Buffer.from(bytes);
      }
      const own = writer.kind === 'user' ? writer.context.userId : '';
      const content = await uploaded(tx, own, text);
      if (content !== null) return content;
      throw refused(`The content of ${column.label} has not been uploaded.`);
    }
  }
}

/** Values with the contents of files in Base64, as the Web API gives them. */
export async function withContents(
  tx: ReadTx,
  table: Table,
  id: string,
  values: RowValues,
): Promise<RowValues> {
  const complete: Record<string, ColumnValue> = { ...values };
  for (const { name: column } of table.columns.filter(isDocumentColumn)) {
    if (parseDocumentReference(values[column]) === null) continue;
    const content = await readContent(tx, { table: table.name, id, column });
    complete[column] = content.toString('base64');
  }
  return complete;
}
