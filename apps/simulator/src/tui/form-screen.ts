import type { FieldState, FlowState } from '@outpost/device';
import type { ColumnExplanation } from '@outpost/rules';
import type { AppStore } from './app-store.ts';
import { fit, type Line, line, scrolled } from './line.ts';

/** A form: the stages of its process flow, its fields as the business rules want them, recommendations, and why. */
export function drawForm(store: AppStore, columns: number, rows: number): readonly Line[] {
  const form = store.form?.current;
  if (form === undefined) return [line(' Record Not Found')];
  const lines: Line[] = [];
  let selectedLine = 0;
  let field = 0;
  for (const section of form.sections) {
    const fields = section.fields.filter((one) => one.visible);
    if (fields.length === 0) continue;
    lines.push(line(fit(` -- ${section.label} ${'-'.repeat(columns)}`, columns), 'muted'));
    for (const one of fields) {
      const here = field === store.current.selected;
      if (here) selectedLine = lines.length;
      lines.push(fieldLine(store, form.table, one, here, columns));
      field += 1;
    }
  }
  const advice = form.recommendations.map((one) =>
    line(fit(` i Recommendation: ${one.title}. ${one.text}  [a] accept`, columns), 'accent'),
  );
  const state = `${form.title}${form.dirty ? '  (not saved)' : ''}`;
  const top = [line(fit(` ${state}`, columns), 'title'), ...flowBar(form.flow, columns), ...advice];
  const bottom = store.current.explaining ? explanation(store, columns).slice(0, rows - 4) : [];
  const space = Math.max(1, rows - top.length - bottom.length);
  return [...top, ...scrolled(lines, selectedLine, space), ...bottom];
}

/** Marks: `*` required, `+` recommended, `!` an error, `(locked)`. */
function fieldLine(
  store: AppStore,
  table: string,
  field: FieldState,
  here: boolean,
  columns: number,
): Line {
  const mark = field.error !== null ? '!' : here ? '>' : ' ';
  const level = field.required ? ' *' : field.recommended ? ' +' : '';
  const text = field.masked ? '********' : store.format(table, field.column, field.value);
  const tail = field.error !== null ? `  ${field.error}` : field.locked ? '  (locked)' : '';
  const tone =
    field.error !== null ? 'error' : here ? 'selected' : field.locked ? 'muted' : undefined;
  return line(fit(` ${mark} ${fit(`${field.label}${level}`, 24)} ${text}${tail}`, columns), tone);
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
function explanation(store: AppStore, columns: number): readonly Line[] {
  const field = store.formFields()[store.current.selected];
  const form = store.form;
  if (field === undefined || form === null) return [];
  const why = form.explain(field.column);
  const said = sentences(
    why,
    (column, value) => store.format(form.current.table, column, value) || 'empty',
  );
  const text = said.length === 0 ? ['No business rule speaks of this field.'] : said;
  return [
    line(fit(` -- Why: ${field.label} ${'-'.repeat(columns)}`, columns), 'muted'),
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
