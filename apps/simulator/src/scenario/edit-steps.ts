import type { Device, SaveResult } from '@outpost/device';
import { bytesToBase64, type Command } from '@outpost/model';
import type { FlowCommand } from '@outpost/rules';
import type { SearchMode } from '@outpost/search';
import type { RepairAction } from '@outpost/sync';
import { UsageError } from '../usage-error.ts';
import { picture } from '../world/picture.ts';
import type { ScenarioContext } from './context.ts';
import type { Step } from './scenario.ts';

/** Steps that a user takes on a device: rows, notes, commands, process flows, search, repairs. */
export function editStep(context: ScenarioContext, step: Step): boolean {
  const { verb, args, line } = step;
  switch (verb) {
    case 'create':
    case 'update':
    case 'delete':
    case 'note':
    case 'attach':
    case 'detach':
    case 'command':
    case 'flow':
      context.saved = edit(context, step);
      if (context.saved.kind === 'refused') {
        const reasons = context.saved.reasons.map((one) => one.message);
        context.report({ type: 'refused', device: context.name(args), reasons });
      }
      return true;
    case 'read': {
      const { table, id } = context.ref(args['row']);
      const values = context.device(args).device.get(table, id);
      context.check(
        values !== null,
        'the row is on the device',
        args['row'],
        values === null ? null : id,
        line,
      );
      context.commands.add('read');
      return true;
    }
    case 'search':
      search(context, step);
      return true;
    case 'resolve':
      resolve(context, step);
      return true;
    case 'undo': {
      const { device } = context.device(args);
      const { id } = context.ref(args['row']);
      const entry = device.sync.outbox.pending().find((one) => one.id === id);
      const result = entry === undefined ? null : device.sync.undo(entry.key).kind;
      context.check(result === 'undone', 'the edit is undone', 'undone', result, line);
      return true;
    }
    default:
      return false;
  }
}

function edit(context: ScenarioContext, step: Step): SaveResult {
  const { args, verb } = step;
  const { device } = context.device(args);
  const keep = (result: SaveResult, table: string): SaveResult => {
    if (result.kind === 'saved' && typeof args['as'] === 'string')
      context.refs.set(args['as'], { table, id: result.id });
    return result;
  };
  if (verb === 'create') {
    const table = String(args['table']);
    context.commands.add('create');
    return keep(device.create(table, context.values(args['values'])), table);
  }
  const { table, id } = context.ref(args['row']);
  switch (verb) {
    case 'update':
      context.commands.add('update');
      return device.update(table, id, context.values(args['values']));
    case 'delete':
      context.commands.add('delete');
      return device.delete(table, id);
    case 'note': {
      const note = {
        ...(args['subject'] === undefined ? {} : { subject: String(args['subject']) }),
        ...(args['text'] === undefined ? {} : { text: String(args['text']) }),
        ...(args['picture'] === undefined ? {} : { attachment: photo(String(args['picture'])) }),
      };
      return keep(device.addNote(table, id, note), 'annotation');
    }
    case 'attach':
      return device.attachFile(id, photo(String(args['picture'] ?? 'photo')));
    case 'detach':
      return device.removeAttachment(id);
    case 'flow':
      return device.moveFlow(table, id, flowCommand(context, device, step));
    default:
      return runCommand(context, device, step);
  }
}

function photo(name: string) {
  const body = bytesToBase64(picture(name.length));
  return { fileName: `${name}.png`, mimeType: 'image/png', body };
}

function runCommand(context: ScenarioContext, device: Device, { args, line }: Step): SaveResult {
  const { table, id } = context.ref(args['row']);
  const run = String(args['run']);
  const commands: Readonly<Partial<Record<Command, () => SaveResult>>> = {
    qualify: () => device.qualify(id),
    disqualify: () => device.disqualify(id, args['reason'] ?? 'Lost'),
    convertToCase: () => device.convertToCase(table, id),
    markComplete: () => device.markComplete(table, id),
    convertToOpportunity: () => device.convertToOpportunity(table, id),
  };
  const command = commands[run as Command];
  if (command === undefined)
    throw new UsageError(
      `Line ${line}: "run" is one of ${Object.keys(commands).join(', ')}; for Refresh write a sync with a table.`,
    );
  const result = command();
  if (result.kind === 'saved') context.commands.add(run as Command);
  return result;
}

/** `run: next`, `previous`, or `setActive` with the name of a stage. */
function flowCommand(context: ScenarioContext, device: Device, { args, line }: Step): FlowCommand {
  const { table, id } = context.ref(args['row']);
  switch (args['run']) {
    case 'next':
      return { kind: 'nextStage' };
    case 'previous':
      return { kind: 'previousStage' };
    case 'setActive': {
      const stages = device.flow(table, id)?.flow.stages ?? [];
      const stage = stages.find((one) => one.name === args['stage'])?.id;
      if (stage !== undefined) return { kind: 'setActiveStage', stage };
      const known = stages.map((one) => one.name).join(', ');
      throw new UsageError(
        `Line ${line}: there is no stage "${String(args['stage'])}". Known: ${known}.`,
      );
    }
    default:
      throw new UsageError(`Line ${line}: "run" is next, previous or setActive.`);
  }
}

function search(context: ScenarioContext, { args, line }: Step): void {
  const mode = args['mode'];
  const result = context.device(args).device.search.query({
    table: String(args['table']),
    term: String(args['term']),
    ...(mode === undefined ? {} : { mode: String(mode) as SearchMode }),
  });
  const found = result.kind === 'found' ? result.total : result.reason;
  if (args['found'] !== undefined)
    context.check(
      found === args['found'],
      `search ${String(args['term'])}`,
      args['found'],
      found,
      line,
    );
}

const repairs = ['retry', 'editAndRetry', 'keepMine', 'takeServer', 'discard'];

function resolve(context: ScenarioContext, { args, line }: Step): void {
  const { device, name } = context.device(args);
  const { table, id } = context.ref(args['error']);
  const action = String(args['action']);
  if (!repairs.includes(action))
    throw new UsageError(`Line ${line}: "action" is one of ${repairs.join(', ')}.`);
  const error = device.sync.errors.list().find((one) => one.rowId === id);
  context.check(error !== undefined, 'the sync error exists', id, error?.id ?? null, line);
  if (error === undefined) return;
  if (action === 'editAndRetry')
    device.sync.errors.editAndRetry(error.id, context.cells(table, args['values']));
  else device.sync.errors.resolve(error.id, action as RepairAction);
  context.report({ type: 'resolved', device: name, table, action });
}
