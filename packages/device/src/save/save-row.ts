import {
  base64ToBytes,
  type ColumnRight,
  type ColumnValue,
  type Command,
  can,
  composedValues,
  contextFromDepths,
  dataverseErrors,
  dateTimeText,
  defaultValues,
  equalValues,
  fitStatus,
  isDocumentColumn,
  isLookup,
  isLookupValue,
  isMadeByPlatform,
  maxAttachmentBytes,
  mayUseColumn,
  offlineCommands,
  type Privilege,
  parseDocumentReference,
  parseValue,
  type RowValues,
  type Table,
  valuesToCells,
} from '@outpost/model';
import { checkInstanceWrite, readInstance } from '@outpost/rules';
import type { WriteTx } from '@outpost/store';
import type { RowSeen } from '../form/form-values.ts';
import type { Session } from '../session.ts';
import { closedReasons } from './closed-row.ts';
import { cascadeReasons, type Deletion, describeDeletion } from './deletion.ts';
import { goneTargets, unitOfOwner } from './lookup-targets.ts';

/** Why a write was not made. */
export type RefusalReason =
  | {
      readonly kind: 'invalidValue';
      readonly column: string;
      readonly code: string;
      readonly message: string;
    }
  | { readonly kind: 'requiredColumn'; readonly column: string; readonly message: string }
  | {
      readonly kind: 'ruleError';
      readonly column: string;
      readonly code: string;
      readonly message: string;
    }
  | { readonly kind: 'notAvailableOffline'; readonly code: string; readonly message: string }
  | { readonly kind: 'privilege'; readonly code: string; readonly message: string }
  | { readonly kind: 'rowMissing'; readonly message: string }
  /** The row is closed: its form is read-only. */
  | { readonly kind: 'inactiveRow'; readonly code: string; readonly message: string }
  /** Rows of `table` refer to the row that is to be deleted, and forbid it. */
  | {
      readonly kind: 'restricted';
      readonly code: string;
      readonly table: string;
      readonly count: number;
      readonly message: string;
    }
  /** The change would take too many rows along. */
  | { readonly kind: 'tooManyRows'; readonly code: string; readonly message: string }
  | { readonly kind: 'flow'; readonly code: string; readonly message: string }
  | { readonly kind: 'stageGate'; readonly columns: readonly string[]; readonly message: string };

/** The outcome of a save. When `saved`, the edit is durable on this device. */
export type SaveResult =
  | { readonly kind: 'saved'; readonly id: string; readonly commit: number }
  | { readonly kind: 'unchanged'; readonly id: string }
  | { readonly kind: 'refused'; readonly reasons: readonly RefusalReason[] };

type Input = Readonly<Record<string, unknown>>;

/** A row change that passed every check, ready for a transaction. */
export type Prepared =
  | {
      readonly kind: 'ready';
      readonly id: string;
      /** Values of the row afterwards. */
      readonly values: RowValues;
      apply(tx: WriteTx): void;
    }
  | Exclude<SaveResult, { readonly kind: 'saved' }>;

export interface SaveOptions {
  /** What the user saw of the row, where that is not the row as it is: the edit is based on it. */
  readonly seen?: RowSeen | null;
  /** Runs in the same transaction. */
  readonly alongside?: (tx: WriteTx) => void;
}

/** Creates a row offline or online alike: the edit is queued with the row, in one transaction. */
export function createRow(
  session: Session,
  tableName: string,
  input: Input,
  id: string = session.system.ids.next(),
  options: SaveOptions = {},
): SaveResult {
  return commit(session, prepareCreate(session, tableName, id, input), options);
}

/** Changes the given columns of a row. */
export function updateRow(
  session: Session,
  tableName: string,
  id: string,
  input: Input,
  options: SaveOptions = {},
): SaveResult {
  const seen = options.seen ?? null;
  return commit(session, prepareUpdate(session, tableName, id, input, seen), options);
}

export function deleteRow(session: Session, tableName: string, id: string): SaveResult {
  return commit(session, prepareDelete(session, tableName, id));
}

function commit(session: Session, prepared: Prepared, options: SaveOptions = {}): SaveResult {
  if (prepared.kind !== 'ready') return prepared;
  const written = session.store.write({ origin: 'local' }, (tx) => {
    prepared.apply(tx);
    session.sync.outbox.effects.carryOut(tx);
    options.alongside?.(tx);
  });
  return { kind: 'saved', id: prepared.id, commit: written.commit };
}

/** Checks a new row: values, matrix, privileges, rules, required columns. */
export function prepareCreate(
  session: Session,
  tableName: string,
  id: string,
  input: Input,
): Prepared {
  const table = session.table(tableName);
  const unavailable = unavailableReasons(table, 'create');
  if (unavailable.length > 0) return { kind: 'refused', reasons: unavailable };
  const parsed = parseInput(session, table, input, 'create', null);
  if (parsed.reasons.length > 0) return { kind: 'refused', reasons: parsed.reasons };
  const now = dateTimeText(session.system.clock.now());
  const defaults = Object.entries(defaultValues(table)).filter(([name]) =>
    mayUse(session, table, name, 'create'),
  );
  const values: Record<string, ColumnValue> = { ...Object.fromEntries(defaults), ...parsed.values };
  const user = session.sync.hello?.user;
  const has = (column: string) => table.columns.some((one) => one.name === column);
  if (has('createdon')) values['createdon'] = now;
  if (has('modifiedon')) values['modifiedon'] = now;
  if (table.ownership === 'user' && user !== undefined) {
    values['ownerid'] ??= { table: 'systemuser', id: user.id, name: user.name };
    values['owningbusinessunit'] = { table: 'businessunit', id: user.businessUnitId };
    Object.assign(values, unitOfOwner(session, table, null, values));
  }
  const reasons = [
    ...goneTargets(session, table, parsed.values),
    ...statusReasons(table, values, parsed.values, null),
    ...privilegeReasons(session, table, 'create', values),
    ...applyRules(session, table, null, values, 'create'),
    ...flowReasons(session, table, null, values),
    ...requiredReasons(session, table, values),
  ];
  if (reasons.length > 0) return { kind: 'refused', reasons };
  Object.assign(values, composedValues(table, values));
  const cells = valuesToCells(table, values);
  return {
    kind: 'ready',
    id,
    values,
    apply(tx) {
      keepContents(session, tx, parsed.contents);
      tx.insert(table.name, id, cells);
    },
  };
}

/** Checks a change of a row. */
export function prepareUpdate(
  session: Session,
  tableName: string,
  id: string,
  input: Input,
  seen: RowSeen | null = null,
): Prepared {
  const table = session.table(tableName);
  const unavailable = unavailableReasons(table, 'update');
  if (unavailable.length > 0) return { kind: 'refused', reasons: unavailable };
  const before = session.values(tableName, id);
  if (before === null) return missing(table, id);
  const parsed = parseInput(session, table, input, 'update', before);
  if (parsed.reasons.length > 0) return { kind: 'refused', reasons: parsed.reasons };
  const changed = Object.entries(parsed.values).filter(
    ([column, value]) => !equalValues(before[column] ?? null, value),
  );
  if (changed.length === 0) return { kind: 'unchanged', id };
  const values: Record<string, ColumnValue> = { ...before, ...Object.fromEntries(changed) };
  const columns = changed.map(([column]) => column);
  Object.assign(values, unitOfOwner(session, table, before, values));
  const reasons = [
    ...goneTargets(session, table, Object.fromEntries(changed)),
    ...statusReasons(table, values, parsed.values, before),
    ...closedReasons(session, table, before, values, columns),
    ...privilegeReasons(session, table, 'write', before),
    ...applyRules(session, table, before, values, 'update'),
    ...flowReasons(session, table, before, values),
  ];
  if (reasons.length > 0) return { kind: 'refused', reasons };
  Object.assign(values, composedValues(table, values));
  const set: Record<string, ColumnValue> = {};
  for (const [column, value] of Object.entries(values)) {
    if (!equalValues(before[column] ?? null, value)) set[column] = value;
  }
  const cells = valuesToCells(table, set);
  return {
    kind: 'ready',
    id,
    values,
    apply(tx) {
      keepContents(session, tx, parsed.contents);
      if (seen !== null) {
        const { version } = seen;
        session.sync.outbox.baseOn(tx, table.name, id, {
          cells: valuesToCells(table, seen.values),
          version,
        });
      }
      tx.update(table.name, id, cells);
    },
  };
}

/** Checks the deletion of a row. */
export function prepareDelete(session: Session, tableName: string, id: string): Prepared {
  const table = session.table(tableName);
  const unavailable = unavailableReasons(table, 'delete');
  if (unavailable.length > 0) return { kind: 'refused', reasons: unavailable };
  const before = session.values(tableName, id);
  if (before === null) return missing(table, id);
  const reasons = [
    ...privilegeReasons(session, table, 'delete', before),
    ...cascadeReasons(session, tableName, id),
  ];
  if (reasons.length > 0) return { kind: 'refused', reasons };
  return { kind: 'ready', id, values: before, apply: (tx) => void tx.delete(table.name, id) };
}

/** What deleting a row would do; null: it is not on this device. */
export function previewDeletion(session: Session, tableName: string, id: string): Deletion | null {
  const before = session.values(tableName, id);
  if (before === null) return null;
  const table = session.table(tableName);
  return describeDeletion(session, tableName, id, [
    ...unavailableReasons(table, 'delete'),
    ...privilegeReasons(session, table, 'delete', before),
  ]);
}

function missing(table: Table, id: string): Extract<SaveResult, { readonly kind: 'refused' }> {
  const message = `Record Not Found: ${table.label} ${id} is not on this device.`;
  return { kind: 'refused', reasons: [{ kind: 'rowMissing', message }] };
}

/** Commands the matrix does not allow offline are refused even when called directly. */
export function commandReasons(table: Table, command: Command): readonly RefusalReason[] {
  if (offlineCommands(table).includes(command)) return [];
  const message = `"${command}" is not available offline for ${table.label}.`;
  return [{ kind: 'notAvailableOffline', code: dataverseErrors.notAvailableOffline, message }];
}

/** Rights as of the newest cycle; the organization checks again at upload. */
function privilegeReasons(
  session: Session,
  table: Table,
  privilege: Privilege,
  values: RowValues,
): readonly RefusalReason[] {
  const hello = session.sync.hello;
  if (hello === null || table.ownership === 'none') return [];
  const idOf = (column: string): string | null => {
    const value = values[column] ?? null;
    return isLookupValue(value) ? value.id : null;
  };
  const context = contextFromDepths({
    userId: hello.user.id,
    businessUnitId: hello.user.businessUnitId,
    businessUnitTree: [hello.user.businessUnitId],
    teamIds: hello.user.teamIds,
    privileges: hello.privileges,
  });
  const decision = can(context, privilege, {
    table: table.name,
    ownership: table.ownership,
    owner: idOf('ownerid'),
    businessUnit: idOf('owningbusinessunit'),
  });
  if (decision.allowed) return [];
  // Units below, shares and hierarchy are known to the organization only: what they may allow is left to it.
  const more = hello.beyondRoles || hello.privileges[table.name]?.[privilege] === 3;
  if (decision.reason === 'noAccess' && more) return [];
  const message = `Your roles do not allow "${privilege}" on this ${table.label}.`;
  return [{ kind: 'privilege', code: decision.code, message }];
}

/** Rights on a secured column as of the newest cycle. */
export function mayUse(session: Session, table: Table, name: string, right: ColumnRight): boolean {
  const column = session.index.column(table.name, name);
  const rights = session.sync.hello?.securedColumns ?? {};
  return column === undefined || mayUseColumn(rights, right, table.name, column);
}

/** The matrix; and rows that connect two others are read-only offline: associating is an online command. */
function unavailableReasons(table: Table, command: Command): readonly RefusalReason[] {
  if (table.isIntersect !== true) return commandReasons(table, command);
  const message = `${table.label}: rows cannot be associated or disassociated offline.`;
  return [{ kind: 'notAvailableOffline', code: dataverseErrors.notAvailableOffline, message }];
}

/** Completes state and status; they must fit. */
function statusReasons(
  table: Table,
  values: Record<string, ColumnValue>,
  given: RowValues,
  before: RowValues | null,
): readonly RefusalReason[] {
  const { add, error } = fitStatus(table, values, given, before);
  Object.assign(values, add);
  return error === null ? [] : [{ kind: 'invalidValue', ...error }];
}

function applyRules(
  session: Session,
  table: Table,
  before: RowValues | null,
  values: Record<string, ColumnValue>,
  right: ColumnRight,
): readonly RefusalReason[] {
  const result = session.rules(table.name, null).program.runTableScope(before, values);
  if (result.kind === 'refused') {
    return result.errors.map(({ column, code, message }) => ({
      kind: 'ruleError',
      column,
      code,
      message,
    }));
  }
  for (const [name, value] of Object.entries(result.values)) {
    // The organization runs the same rule and may set what this user may not.
    if (mayUse(session, table, name, right)) values[name] = value;
  }
  return [];
}

/** An instance row of a process flow stands where the flow allows. */
function flowReasons(
  session: Session,
  table: Table,
  before: RowValues | null,
  values: RowValues,
): readonly RefusalReason[] {
  return session.model.flows
    .filter((flow) => flow.instanceTable === table.name)
    .flatMap((flow): readonly RefusalReason[] => {
      const compiled = session.flow(flow);
      const old = before === null ? null : readInstance(before);
      const fault =
        compiled === null ? null : checkInstanceWrite(compiled, old, readInstance(values));
      return fault === null ? [] : [{ kind: 'flow', ...fault }];
    });
}

/** What the platform requires of a new row. What is only required of people, their form asks for. */
function requiredReasons(
  session: Session,
  table: Table,
  values: RowValues,
): readonly RefusalReason[] {
  return table.columns.flatMap((column): RefusalReason[] => {
    if (column.required !== 'system' || isMadeByPlatform(table, column)) return [];
    if ((values[column.name] ?? null) !== null) return [];
    if (!mayUse(session, table, column.name, 'create')) return [];
    return [
      { kind: 'requiredColumn', column: column.name, message: `${column.label} is required.` },
    ];
  });
}

interface ParsedInput {
  readonly values: Record<string, ColumnValue>;
  readonly reasons: readonly RefusalReason[];
  /** Contents of files that the values name, by reference. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

function keepContents(session: Session, tx: WriteTx, contents: ParsedInput['contents']): void {
  for (const [reference, content] of contents) session.sync.documents.put(tx, reference, content);
}

/** What Base64 text holds; null: the text names content by reference; a message: it is neither. */
function contentOf(
  session: Session,
  text: string,
  before: ColumnValue,
): Uint8Array | string | null {
  if (parseDocumentReference(text) !== null) {
    return text === before || session.sync.documents.isHere(text)
      ? null
      : 'Content of this name is not on this device.';
  }
  const bytes = base64ToBytes(text);
  if (bytes === null) return 'The content of a file is given in Base64.';
  if (bytes.length <= maxAttachmentBytes) return bytes;
  return `The file has ${bytes.length} bytes; at most ${maxAttachmentBytes} are possible.`;
}

function parseInput(
  session: Session,
  table: Table,
  input: Input,
  right: ColumnRight,
  before: RowValues | null,
): ParsedInput {
  const values: Record<string, ColumnValue> = {};
  const reasons: RefusalReason[] = [];
  const contents = new Map<string, Uint8Array>();
  for (const [name, given] of Object.entries(input)) {
    const column = table.columns.find((one) => one.name === name);
    if (column === undefined) {
      const message = `Table "${table.name}" has no column "${name}".`;
      reasons.push({
        kind: 'invalidValue',
        column: name,
        code: dataverseErrors.unknownColumn,
        message,
      });
      continue;
    }
    if (column.readOnly === true) {
      const message = `${column.label} is written by the platform only.`;
      reasons.push({
        kind: 'invalidValue',
        column: name,
        code: dataverseErrors.invalidArgument,
        message,
      });
      continue;
    }
    if (!mayUse(session, table, name, right)) {
      const message = `You may not ${right === 'create' ? 'set' : 'change'} ${column.label}: it is secured.`;
      reasons.push({ kind: 'privilege', code: dataverseErrors.privilegeDenied, message });
      continue;
    }
    const parsed = parseValue(column, given);
    if (parsed.kind === 'invalid') {
      reasons.push({
        kind: 'invalidValue',
        column: name,
        code: parsed.code,
        message: parsed.message,
      });
      continue;
    }
    if (isDocumentColumn(column) && parsed.value !== null) {
      const content = contentOf(session, String(parsed.value), before?.[name] ?? null);
      if (typeof content === 'string') {
        const code = dataverseErrors.invalidArgument;
        reasons.push({ kind: 'invalidValue', column: name, code, message: content });
        continue;
      }
      const reference = content === null ? null : session.sync.documents.referenceOf(content);
      if (content !== null && reference !== null) contents.set(reference, content);
      values[name] = reference ?? parsed.value;
      continue;
    }
    values[name] = isLookup(column) ? named(session, parsed.value) : parsed.value;
  }
  return { values, reasons, contents };
}

/** A lookup with the name of its target, if the target is on this device. */
function named(session: Session, value: ColumnValue): ColumnValue {
  if (!isLookupValue(value) || !session.tables.has(value.table)) return value;
  const primary = session.index.table(value.table)?.primaryName;
  const target = primary ? session.values(value.table, value.id)?.[primary] : undefined;
  return typeof target === 'string' ? { ...value, name: target } : value;
}
