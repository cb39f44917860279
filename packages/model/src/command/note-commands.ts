import { dataverseErrors } from '../dataverse-error.ts';
import { base64ToBytes } from '../value/base64.ts';
import type { LookupValue, RowValues } from '../value/column-value.ts';
import {
  type CommandInput,
  type CommandPlan,
  refusedCommand,
  writableValues,
} from './command-plan.ts';

/** Attachments of a timeline are at most 4 MB each (documentation of mobile offline). */
export const maxAttachmentBytes: number = 4 * 1024 * 1024;

export interface NoteAttachment {
  readonly fileName: string;
  /** E.g. `image/jpeg`. */
  readonly mimeType: string;
  /** Content in Base64. */
  readonly body: string;
}

export interface NewNote {
  readonly subject?: string;
  readonly text?: string;
  readonly attachment?: NoteAttachment;
}

/** Adds a note to the timeline of a row. */
export function addNote(
  input: Pick<CommandInput, 'index' | 'newId'>,
  regarding: LookupValue,
  note: NewNote,
): CommandPlan {
  const { index, newId } = input;
  const targets = index.column('annotation', 'objectid')?.targets ?? [];
  if (index.table('annotation') === undefined || !targets.includes(regarding.table)) {
    return refusedCommand(
      'invalidArgument',
      `Rows of table "${regarding.table}" have no notes.`,
      'objectid',
    );
  }
  const { attachment } = note;
  const attached = attachment === undefined ? null : attachmentValues(attachment);
  if (attached?.kind === 'refused') return attached;
  const file = attached === null ? { isdocument: false } : attached.values;
  const values = { subject: note.subject, notetext: note.text, objectid: regarding, ...file };
  const row = writableValues(index, 'annotation', values);
  return { kind: 'ok', intents: [{ op: 'create', table: 'annotation', id: newId(), values: row }] };
}

/** Puts a file on a note, or replaces it. */
export function attachFile(
  { index, id }: Pick<CommandInput, 'index' | 'id'>,
  attachment: NoteAttachment,
): CommandPlan {
  const attached = attachmentValues(attachment);
  if (attached.kind === 'refused') return attached;
  const row = writableValues(index, 'annotation', attached.values);
  return { kind: 'ok', intents: [{ op: 'update', table: 'annotation', id, values: row }] };
}

/** Takes the file off a note; the note stays. */
export function removeAttachment({ values, id }: Pick<CommandInput, 'values' | 'id'>): CommandPlan {
  if (values['isdocument'] !== true) {
    return refusedCommand('invalidArgument', 'The note has no attachment.', 'isdocument');
  }
  const none = {
    isdocument: false,
    filename: null,
    mimetype: null,
    documentbody: null,
    filesize: null,
  };
  return { kind: 'ok', intents: [{ op: 'update', table: 'annotation', id, values: none }] };
}

type Refused = Extract<CommandPlan, { readonly kind: 'refused' }>;

function attachmentValues(
  attachment: NoteAttachment,
): Refused | { readonly kind: 'ok'; readonly values: RowValues } {
  const { fileName, mimeType, body } = attachment;
  const refuse = (message: string, column: string): Refused => ({
    kind: 'refused',
    code: dataverseErrors.invalidArgument,
    column,
    message,
  });
  if (fileName.trim() === '' || /[/\\\0]/.test(fileName)) {
    return refuse(`"${fileName}" is not a file name.`, 'filename');
  }
  const bytes = base64ToBytes(body)?.length;
  if (bytes === undefined) return refuse('The attachment is not Base64.', 'documentbody');
  if (bytes > maxAttachmentBytes) {
    return refuse(
      `The attachment has ${bytes} bytes; at most ${maxAttachmentBytes} are possible.`,
      'documentbody',
    );
  }
  const values = {
    isdocument: true,
    filename: fileName,
    mimetype: mimeType,
    documentbody: body,
    filesize: bytes,
  };
  return { kind: 'ok', values };
}
