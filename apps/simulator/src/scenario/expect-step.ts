import type { OpenDevice } from '../world/world.ts';
import type { ScenarioContext } from './context.ts';
import { flat, matches } from './matches.ts';
import { isRecord, type Step } from './scenario.ts';

/** Compares what a scenario wants with what is there. */
export async function expectStep(context: ScenarioContext, step: Step): Promise<boolean> {
  if (step.verb !== 'expect') return false;
  const { device: _, ...expectations } = step.args;
  const opened = context.device(step.args);
  for (const [what, wanted] of Object.entries(expectations)) {
    const found = await find(context, what, wanted, opened);
    context.check(matches(wanted, found), what, wanted, found, step.line);
  }
  return true;
}

async function find(
  context: ScenarioContext,
  what: string,
  wanted: unknown,
  opened: OpenDevice,
): Promise<unknown> {
  const { device } = opened;
  const status = device.sync.currentStatus;
  switch (what) {
    case 'readiness':
      return status.readiness;
    case 'icon':
      return status.icon;
    case 'pending':
      return status.pending;
    case 'errors':
      return device.sync.errors.list().map(({ table, type, code }) => ({ table, type, code }));
    case 'row': {
      const { table, id } = context.ref(isRecord(wanted) ? wanted['ref'] : wanted);
      const values = device.get(table, id);
      return values === null
        ? null
        : { ref: isRecord(wanted) ? wanted['ref'] : wanted, ...flat(values) };
    }
    case 'gone': {
      const { table, id } = context.ref(wanted);
      return device.get(table, id) === null ? wanted : 'still here';
    }
    case 'saved':
      return context.saved?.kind === 'refused'
        ? { refused: context.saved.reasons.map((reason) => reason.kind) }
        : context.saved?.kind;
    case 'stage':
      return Object.fromEntries(
        Object.keys(isRecord(wanted) ? wanted : {}).map((ref) => {
          const { table, id } = context.ref(ref);
          return [ref, device.flow(table, id)?.stage.name ?? null];
        }),
      );
    case 'notes': {
      if (!isRecord(wanted)) return null;
      return Object.fromEntries(
        Object.keys(wanted).map((ref) => {
          const { table, id } = context.ref(ref);
          return [ref, device.notes(table, id).length];
        }),
      );
    }
    case 'commands':
      return Object.fromEntries(
        Object.keys(isRecord(wanted) ? wanted : {}).map((table) => [table, device.commands(table)]),
      );
    case 'drafts':
      return device.sync.drafts().map(({ table }) => table);
    case 'converged':
      return context.converged(opened);
    case 'resumed':
      return context.resumed;
    case 'noRequests':
      return context.world.traffic.requests === context.requestsBefore;
    default:
      return undefined;
  }
}
