import { isLookupValue, type RowValues } from '@outpost/model';
import type { Session } from '../session.ts';

/** A note on the timeline of a row. */
export interface TimelineNote {
  readonly id: string;
  readonly subject: string;
  readonly text: string;
  readonly createdOn: string | null;
  readonly by: string;
  readonly attachment: {
    readonly fileName: string;
    readonly mimeType: string;
    readonly bytes: number;
    /** Its content is on this device. */
    readonly isHere: boolean;
  } | null;
}

/** Notes of a row, newest first. */
export function notesOf(session: Session, table: string, id: string): readonly TimelineNote[] {
  if (!session.tables.has('annotation')) return [];
  const rows = session.store.all(
    'SELECT annotationid FROM "annotation" WHERE objectid = ? AND "objectid$t" = ? ORDER BY createdon DESC, _rid DESC',
    [id, table],
  );
  return rows.flatMap(([note]): TimelineNote[] => {
    const values = session.values('annotation', String(note));
    return values === null ? [] : [toNote(session, String(note), values)];
  });
}

function toNote(session: Session, id: string, values: RowValues): TimelineNote {
  const text = (column: string) => String(values[column] ?? '');
  const by = values['createdby'] ?? values['ownerid'] ?? null;
  return {
    id,
    subject: text('subject'),
    text: text('notetext'),
    createdOn: values['createdon'] === undefined ? null : text('createdon'),
    by: isLookupValue(by) ? (by.name ?? by.id) : '',
    attachment:
      values['isdocument'] === true
        ? {
            fileName: text('filename'),
            mimeType: text('mimetype'),
            bytes: Number(values['filesize'] ?? 0),
            isHere: session.sync.documents.isHere(text('documentbody')),
          }
        : null,
  };
}
