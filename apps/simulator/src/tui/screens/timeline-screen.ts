import type { TimelineNote } from '@outpost/device';
import { bytesToBase64 } from '@outpost/model';
import { picture } from '../../world/picture.ts';
import type { DeviceStore } from '../device-store.ts';
import { bytesText, fit, heading, type Line, line, scrolled, wrapped } from '../line.ts';
import { askToDelete } from './delete-screen.ts';
import type { Screen, Size } from './screen.ts';

/** Notes and activities of a row, the newest first, with their attachments. */
export const timelineScreen: Screen = {
  draw: drawTimeline,
  count: (store) => notes(store).length,
  run(store, command) {
    const { table, id, selected } = store.place;
    if (table === null || id === null) return false;
    const note = notes(store)[selected];
    switch (command) {
      case 'note':
        store.ask({
          label: 'Note',
          text: '',
          done: (text) => {
            if (text.trim() === '') return;
            store.report(store.device.addNote(table, id, { text }), 'Note saved on this device.');
          },
        });
        return true;
      case 'picture': {
        const at = new Date(store.opened.clock.now()).toISOString().slice(0, 19);
        const attachment = {
          fileName: `photo-${at.replace(/:/g, '')}.png`,
          mimeType: 'image/png',
          body: bytesToBase64(picture(notes(store).length)),
        };
        const result = store.device.addNote(table, id, { subject: 'Picture', attachment });
        store.report(result, 'Picture saved on this device.');
        return true;
      }
      case 'removeAttachment':
        if (note?.attachment == null) store.say('This note has no attachment.');
        else store.report(store.device.removeAttachment(note.id), 'Attachment removed.');
        return true;
      case 'delete':
        if (note !== undefined) askToDelete(store, 'annotation', note.id);
        return true;
      default:
        return false;
    }
  },
};

function notes({ place: { table, id }, device }: DeviceStore): readonly TimelineNote[] {
  return table === null || id === null ? [] : device.notes(table, id);
}

/** Activities regarding the row, the newest first. */
function activities(store: DeviceStore): readonly string[] {
  const { table, id } = store.place;
  const { device } = store;
  if (table === null || id === null) return [];
  return device.model.tables.flatMap((one) => {
    const here = one.isActivity === true && device.store.schema.has(one.name);
    const regarding = one.columns.find((column) => column.name === 'regardingobjectid');
    if (!here || one.primaryName === null || regarding?.targets?.includes(table) !== true)
      return [];
    const rows = device.queries.associated(one.name, 'regardingobjectid', id);
    if (rows.kind === 'invalid') return [];
    const found = device.queries.run({ query: rows.value }, { limit: 10, offset: 0 });
    if (found.kind === 'invalid') return [];
    return found.value.rows.map((row) => `${one.label}: ${store.nameOf(one.name, row.id)}`);
  });
}

function drawTimeline(store: DeviceStore, { columns, rows }: Size): readonly Line[] {
  const { table, id, selected } = store.place;
  if (table === null || id === null) return [];
  const title = line(fit(` Timeline of ${store.nameOf(table, id)}`, columns), 'title');
  const lines: Line[] = [];
  let selectedLine = 0;
  for (const [i, note] of notes(store).entries()) {
    const here = i === selected;
    if (here) selectedLine = lines.length;
    const at = note.createdOn?.slice(0, 16).replace('T', ' ') ?? 'not uploaded';
    const head = ` ${here ? '>' : ' '} ${at}  ${note.by}  ${note.subject}`;
    lines.push(line(fit(head, columns), here ? 'selected' : undefined));
    if (note.text !== '')
      lines.push(
        ...wrapped(note.text, columns - 8).map((text) => line(fit(`     ${text}`, columns))),
      );
    if (note.attachment !== null) {
      const { fileName, bytes, isHere } = note.attachment;
      const where = isHere ? '' : ', not on this device yet';
      lines.push(line(fit(`     [${fileName}, ${bytesText(bytes)}${where}]`, columns), 'accent'));
    }
  }
  if (lines.length === 0) lines.push(line(fit('   No notes yet. [n] note, [P] picture', columns)));
  const others = activities(store);
  if (others.length > 0) {
    lines.push(heading('Activities', columns));
    lines.push(...others.map((text) => line(fit(`   ${text}`, columns))));
  }
  return [title, ...scrolled(lines, selectedLine, rows - 1)];
}
