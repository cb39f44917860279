import type { FieldState, FlowState } from '@outpost/device';
import { type ColumnValue, closedRowRule, isChoice, isLookup } from '@outpost/model';
import type { ColumnExplanation, FlowCommand } from '@outpost/rules';
import type { DeviceStore } from '../device-store.ts';
import type { CommandId } from '../keys.ts';
import { leaveForm } from '../leave-form.ts';
import { fit, heading, type Line, line, scrolled } from '../line.ts';
import type { Choice } from '../place.ts';
import { askToDelete } from './delete-screen.ts';
import { filtered } from './pick-screen.ts';
import type { Screen, Size } from './screen.ts';

/** A form: the stages of its process flow, its fields as the business rules want them, recommendations, and why. */
export const formScreen: Screen = {
  draw: drawForm,
  count: (store) => store.formFields().length,
  run: runForm,
};

function runForm(store: DeviceStore, command: CommandId): boolean {
  const { form, table, id } = store.place;
  if (form === null || table === null) return false;
  const row = form.current.id ?? id;
  switch (command) {
    case 'edit':
      editField(store);
      return true;
    case 'save':
      if (store.report(form.save(), 'Saved on this device.')) store.set({ id: form.current.id });
      return true;
    case 'accept': {
      const [recommendation] = form.current.recommendations;
      if (recommendation !== undefined) form.accept(recommendation.id);
      return true;
    }
    case 'nextStage':
      moveFlow(store, { kind: 'nextStage' }, 'Moved to the next stage.');
      return true;
    case 'previousStage':
      moveFlow(store, { kind: 'previousStage' }, 'Moved back.');
      return true;
    case 'setActiveStage':
      pickStage(store);
      return true;
    case 'explain':
      store.set({ explaining: !store.place.explaining });
      return true;
    case 'why':
    case 'timeline':
      if (row === null) store.say('Save the row first.');
      else store.go(command, { table, id: row });
      return true;
    case 'commands':
      if (row === null) store.say('Save the row first.');
      else pickCommand(store, table, row);
      return true;
    case 'keepMine':
      chooseSide(store, 'keepMine');
      return true;
    case 'takeServer':
      chooseSide(store, 'takeTheirs');
      return true;
    case 'back':
      if (store.place.explaining) return false;
      leaveForm(store, () => store.back());
      return true;
    default:
      return false;
  }
}

/** Of a field that others have changed under what is typed. */
function chooseSide(store: DeviceStore, side: 'keepMine' | 'takeTheirs'): void {
  const { form, selected } = store.place;
  const field = store.formFields()[selected];
  if (form === null || field === undefined) return;
  if (field.theirs === null) return store.say(`Nobody else has changed ${field.label}.`);
  form[side](field.column);
  store.say(
    side === 'keepMine' ? 'Yours will be saved over it.' : 'It shows what the row has now.',
  );
}

function editField(store: DeviceStore): void {
  const { form, table, selected } = store.place;
  const field = store.formFields()[selected];
  if (field === undefined || form === null || table === null) return;
  const { readOnly } = form.current;
  if (readOnly !== null) return store.say(readOnly.reason);
  if (field.locked) return store.say(`${field.label} is locked.`);
  const column = store.column(table, field.column);
  if (column === undefined) return;
  const set = (value: unknown) => {
    store.back();
    form.set(field.column, value);
  };
  const empty: Choice = { label: '(empty)', value: null, reason: null };
  if (isLookup(column)) {
    const first = store.device.lookupRows(table, column.name, '', 1);
    if (first.kind === 'refused') return store.say(first.message);
    return store.go('pick', {
      choices: {
        title: `${field.label}, names that begin with`,
        options: (typed) => {
          const found = store.device.lookupRows(table, column.name, typed, 50);
          const rows = found.kind === 'refused' ? [] : found.rows;
          const choices = rows.map((value) => ({
            label: value.name ?? value.id,
            value,
            reason: null,
          }));
          return typed === '' ? [empty, ...choices] : choices;
        },
        choose: ({ value }) => set(value),
      },
    });
  }
  const labels = column.options ?? (column.type === 'boolean' ? booleanLabels : undefined);
  if (labels !== undefined && (isChoice(column) || column.type === 'boolean')) {
    const options = labels.map(({ label, value }): Choice => {
      return { label, value: column.type === 'boolean' ? value === 1 : value, reason: null };
    });
    return store.go('pick', {
      choices: {
        title: field.label,
        options: (typed) => filtered([...options, empty], typed),
        choose: ({ value }) => set(value),
      },
    });
  }
  const { value } = field;
  const { typing } = form.current;
  const shown = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  const hint = labelHints[column.type];
  store.ask({
    label: hint === undefined ? field.label : `${field.label} (${hint})`,
    // A line that was left goes on where it was.
    text: typing?.column === field.column ? typing.text : (field.text ?? shown),
    ...(column.maxLength === undefined ? {} : { maxLength: column.maxLength }),
    typed: (text) => form.type(field.column, text),
    done: (text) => form.set(field.column, text),
  });
}

const booleanLabels = [
  { value: 1, label: 'Yes' },
  { value: 0, label: 'No' },
];
const labelHints: Readonly<Record<string, string>> = {
  dateOnly: 'like 2026-03-31',
  dateTime: 'like 2026-03-31 14:30, UTC',
  choices: 'labels, separated by ;',
};

const commandLabels = {
  qualify: 'Qualify',
  disqualify: 'Disqualify',
  convertToCase: 'Convert to Case',
  markComplete: 'Mark Complete',
  convertToOpportunity: 'Convert To Opportunity',
  delete: 'Delete',
  refresh: 'Refresh',
} as const;

/** Commands of the table's form that work offline, by the command matrix. */
function pickCommand(store: DeviceStore, table: string, id: string): void {
  const { device } = store;
  const now = device.commands(table, id);
  const onForm = device.capabilities(table).formCommands.filter((one) => now.includes(one));
  const offered = onForm.flatMap((command): Choice[] => {
    const label = Object.hasOwn(commandLabels, command)
      ? commandLabels[command as keyof typeof commandLabels]
      : null;
    return label === null ? [] : [{ label, value: command, reason: null }];
  });
  const definition = device.model.tables.find((one) => one.name === table);
  const activates = definition === undefined ? null : closedRowRule(definition).activate;
  if (now.includes('activate') && activates !== null)
    offered.unshift({ label: activates, value: 'activate', reason: null });
  if (offered.length === 0) return store.say('No command of this table works offline.');
  const run = {
    activate: () => device.activate(table, id),
    qualify: () => device.qualify(id),
    disqualify: () => device.disqualify(id, 'Lost'),
    convertToCase: () => device.convertToCase(table, id),
    markComplete: () => device.markComplete(table, id),
    convertToOpportunity: () => device.convertToOpportunity(table, id),
  };
  store.go('pick', {
    choices: {
      title: 'Commands that work offline',
      options: (typed) => filtered(offered, typed),
      choose: ({ value, label }) => {
        store.back();
        if (value === 'refresh') return store.sync('GRID_SYNC', table);
        if (value === 'delete') return askToDelete(store, table, id);
        const result = run[value as keyof typeof run]();
        if (!store.report(result, `${label}: done on this device.`)) return;
        store.say(`${label}: done on this device.`);
      },
    },
  });
}

function moveFlow(store: DeviceStore, command: FlowCommand, moved: string): void {
  const { form } = store.place;
  if (form !== null) store.report(form.moveFlow(command), moved);
}

function pickStage(store: DeviceStore): void {
  const flow = store.formState()?.flow ?? null;
  const stages = (flow?.commands ?? []).flatMap((command): Choice[] => {
    const stage =
      command.kind === 'setActiveStage'
        ? flow?.flow.stages.find((one) => one.id === command.stage)
        : undefined;
    return stage === undefined ? [] : [{ label: stage.name, value: stage.id, reason: null }];
  });
  if (stages.length === 0) return store.say('No other stage can be reached.');
  store.go('pick', {
    choices: {
      title: 'Go to stage',
      options: (typed) => filtered(stages, typed),
      choose: ({ value, label }) => {
        store.back();
        moveFlow(store, { kind: 'setActiveStage', stage: String(value) }, `Moved to ${label}.`);
      },
    },
  });
}

function drawForm(store: DeviceStore, { columns, rows }: Size): readonly Line[] {
  const form = store.formState();
  if (form === null) return [line(' Record Not Found')];
  if (form.id !== null && store.device.get(form.table, form.id) === null)
    return notFound(store, form.table, form.id, columns);
  const lines: Line[] = [];
  let selectedLine = 0;
  let field = 0;
  for (const section of form.sections) {
    const fields = section.fields.filter((one) => one.visible);
    if (fields.length === 0) continue;
    lines.push(heading(section.label, columns));
    for (const one of fields) {
      const here = field === store.place.selected;
      if (here) selectedLine = lines.length;
      lines.push(fieldLine(store, form.table, one, here, columns));
      if (one.theirs !== null) lines.push(changedLine(store, form.table, one, columns));
      field += 1;
    }
  }
  const advice = form.recommendations.map((one) =>
    line(fit(` i Recommendation: ${one.title}. ${one.text}  [a] accept`, columns), 'accent'),
  );
  const isUnsaved = form.dirty || form.typing !== null;
  const state = `${form.title}${isUnsaved ? '  (not saved)' : ''}`;
  const closed =
    form.readOnly === null ? [] : [line(fit(` ${form.readOnly.reason}`, columns), 'warn')];
  const top = [
    line(fit(` ${state}`, columns), 'title'),
    ...closed,
    ...flowBar(form.flow, columns),
    ...advice,
  ];
  const bottom = store.place.explaining ? explanation(store, columns).slice(0, rows - 4) : [];
  const space = Math.max(1, rows - top.length - bottom.length);
  return [...top, ...scrolled(lines, selectedLine, space), ...bottom];
}

/** The row has left the device while it was open. */
function notFound(store: DeviceStore, table: string, id: string, columns: number): readonly Line[] {
  const { left } = store.device.sync.explain(table, id);
  const why = left?.reason ?? 'it is not on this device';
  const draft = store.device.sync.drafts().find((one) => one.table === table && one.id === id);
  return [
    line(fit(' Record Not Found', columns), 'warn'),
    line(fit(`   The row is not on this device any more: ${why}.`, columns)),
    ...(draft === undefined
      ? []
      : [line(fit('   Your edits of it wait for upload: [u] shows them.', columns))]),
  ];
}

/** Marks: `*` required, `+` recommended, `!` an error, `(locked)`. */
function fieldLine(
  store: DeviceStore,
  table: string,
  field: FieldState,
  here: boolean,
  columns: number,
): Line {
  const mark = field.error !== null ? '!' : here ? '>' : ' ';
  const level = field.required ? ' *' : field.recommended ? ' +' : '';
  const text = field.masked
    ? '********'
    : field.given && field.text === null
      ? '(given by the organization)'
      : (field.text ?? store.format(table, field.column, field.value));
  const tail = field.error !== null ? `  ${field.error}` : field.locked ? '  (locked)' : '';
  const tone =
    field.error !== null
      ? 'error'
      : field.theirs !== null
        ? 'warn'
        : here
          ? 'selected'
          : field.locked
            ? 'muted'
            : undefined;
  return line(fit(` ${mark} ${fit(`${field.label}${level}`, 24)} ${text}${tail}`, columns), tone);
}

/** Both values of a field that others have changed under what is typed. */
function changedLine(
  store: DeviceStore,
  table: string,
  { column, theirs }: FieldState,
  columns: number,
): Line {
  const shown = (value: ColumnValue) => store.format(table, column, value) || 'empty';
  const now = shown(theirs?.now ?? null);
  const was = shown(theirs?.shown ?? null);
  return line(fit(`     [K] mine [T] theirs: ${now} (was ${was})`, columns), 'warn');
}

const keysOf = { nextStage: '[>] next', previousStage: '[<] back', setActiveStage: '[g] set' };

/** The stages of the row: visited in parentheses, the active one in brackets, then those that would follow. */
function flowBar(flow: FlowState | null, columns: number): readonly Line[] {
  if (flow === null) return [];
  const names = flow.stages.map(({ stage, state }) =>
    state === 'active' ? `[*${stage.name}*]` : state === 'visited' ? `(${stage.name})` : stage.name,
  );
  const active = flow.stages.findIndex((one) => one.state === 'active');
  // On a narrow screen the first stages give way, so that the active one is seen.
  const from = names.findIndex((_, i) => i === active || barOf(names.slice(i)).length < columns);
  const bar = ` ${from > 0 ? '... ' : ''}${barOf(names.slice(from))}`;
  const commands = Object.entries(keysOf)
    .filter(([kind]) => flow.commands.some((one) => one.kind === kind))
    .map(([, text]) => text)
    .join('  ');
  const missing = [...new Set(flow.missing.map((one) => one.label))].join(', ');
  const below =
    flow.instance.state === 'active'
      ? ` ${commands}${missing === '' ? '' : `   next needs: ${missing}`}`
      : ` This flow is ${flow.instance.state}.`;
  return [line(fit(bar, columns), 'accent'), line(fit(below, columns), 'muted')];
}

function barOf(names: readonly string[]): string {
  return names.join(' --- ');
}

/** Which rules make the selected field what it is. */
function explanation(store: DeviceStore, columns: number): readonly Line[] {
  const field = store.formFields()[store.place.selected];
  const { form } = store.place;
  if (field === undefined || form === null) return [];
  const why = form.explain(field.column);
  const said = sentences(
    why,
    (column, value) => store.format(form.current.table, column, value) || 'empty',
  );
  const text = said.length === 0 ? ['No business rule speaks of this field.'] : said;
  return [
    heading(`Why: ${field.label}`, columns),
    ...text.map((one) => line(fit(`   ${one}`, columns))),
  ];
}

type Format = (column: string, value: ColumnExplanation['value']) => string;

function sentences(why: ColumnExplanation, format: Format): readonly string[] {
  const decisions = [
    ['value', why.writtenBy],
    ['required', why.required],
    ['visible', why.visible],
    ['locked', why.locked],
    ['error', why.error],
  ] as const;
  return decisions.flatMap(([what, decision]) => {
    if (decision === null) return [];
    const { rule, branch, value, inputs, overrides } = decision;
    const shown = what === 'value' ? format(why.column, value) : String(value);
    const where = branch < 0 ? 'otherwise' : `branch ${branch + 1}`;
    const because = Object.entries(inputs)
      .map(([column, input]) => `${column} = ${format(column, input)}`)
      .join(', ');
    const over = overrides.length === 0 ? '' : `; overrides ${overrides.join(', ')}`;
    return [`${what} ${shown}: rule "${rule}", ${where}, with ${because}${over}`];
  });
}
