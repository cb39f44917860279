import {
  currentCells,
  isDocumentColumn,
  type ModelIndex,
  parseDocumentReference,
} from '@outpost/model';
import { type DeviceStore, quoted } from '@outpost/store';
import type { Entry } from '../outbox/entry.ts';

/** A document and the place that names it. */
export interface NamedDocument {
  readonly reference: string;
  readonly bytes: number;
  readonly table: string;
  readonly id: string;
  readonly column: string;
}

/** Documents that rows on this device name, each once; those of the newest rows first. */
export function documentsOfRows(store: DeviceStore): readonly NamedDocument[] {
  const found: { readonly document: NamedDocument; readonly changed: string }[] = [];
  for (const { table } of store.schema.values()) {
    for (const column of table.columns.filter(isDocumentColumn)) {
      const dated = table.columns.some((one) => one.name === 'modifiedon');
      const cells = [table.primaryId, column.name, ...(dated ? ['modifiedon'] : [])].map(quoted);
      const sql = `SELECT ${cells.join(', ')} FROM ${quoted(table.name)} WHERE ${cells[1]} IS NOT NULL`;
      for (const [id, reference, changed] of store.all(sql)) {
        const bytes = parseDocumentReference(reference)?.bytes;
        if (bytes === undefined) continue;
        const document = { reference: String(reference), bytes, table: table.name };
        found.push({
          document: { ...document, id: String(id), column: column.name },
          changed: String(changed ?? ''),
        });
      }
    }
  }
  found.sort((a, b) => (a.changed < b.changed ? 1 : a.changed > b.changed ? -1 : 0));
  const once = new Map<string, NamedDocument>();
  for (const { document } of found) {
    if (!once.has(document.reference)) once.set(document.reference, document);
  }
  return [...once.values()];
}

/** Documents that an edit puts on a row. */
export function documentsOfEntry({ set, table }: Entry, index: ModelIndex): readonly string[] {
  const definition = index.table(table);
  const cells = definition === undefined ? set : currentCells(definition, set);
  return Object.entries(cells).flatMap(([slot, cell]) => {
    const column = index.column(table, slot);
    const isNamed = column !== undefined && isDocumentColumn(column);
    return isNamed && parseDocumentReference(cell) !== null ? [String(cell)] : [];
  });
}

/** Everything that edits or kept bases name: it must not be dropped. */
export function documentsOfEdits(store: DeviceStore): ReadonlySet<string> {
  const texts = store.all(
    'SELECT set_json FROM "$outbox" UNION ALL SELECT base_json FROM "$outbox" UNION ALL SELECT cells FROM "$base"',
  );
  const named = texts.flatMap(([text]) => String(text ?? '').match(/sha256:[0-9a-f]+:\d+/g));
  return new Set(named.filter((one) => one !== null));
}
