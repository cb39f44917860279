import type { DeviceStore } from '../tui/device-store.ts';
import type { ScreenId } from '../tui/place.ts';
import { screens } from '../tui/screens/screens.ts';
import { UsageError } from '../usage-error.ts';
import type { ScenarioContext } from './context.ts';
import type { Step } from './scenario.ts';

/** Steps that are seen only: which screen a device shows, keys, pictures. */
export function showStep(context: ScenarioContext, step: Step): boolean {
  const { verb, args } = step;
  switch (verb) {
    case 'show':
      show(context, step);
      return true;
    case 'keys':
      focus(context, step);
      for (const key of Array.isArray(args['keys']) ? args['keys'] : [])
        context.desk.press(String(key));
      return true;
    case 'frame':
      context.frame(String(args['name']));
      return true;
    default:
      return false;
  }
}

function focus(context: ScenarioContext, { args, line }: Step): DeviceStore {
  const store = context.desk.focusOnDevice(context.name(args));
  if (store === null) throw new UsageError(`Line ${line}: the device is not open.`);
  return store;
}

function show(context: ScenarioContext, step: Step): void {
  const { args, line } = step;
  const store = focus(context, step);
  const screen = String(args['screen'] ?? (args['row'] === undefined ? 'grid' : 'form'));
  if (!Object.hasOwn(screens, screen))
    throw new UsageError(`Line ${line}: "screen" is one of ${Object.keys(screens).join(', ')}.`);
  store.jump('home');
  const row = args['row'] === undefined ? null : context.ref(args['row']);
  const table = row?.table ?? (args['table'] === undefined ? null : String(args['table']));
  if (screen === 'home') return;
  if (screen === 'form' && table !== null) return store.openForm(table, row?.id ?? null);
  const error = store.device.sync.errors.list().find((one) => one.rowId === row?.id);
  const place = { table, id: row?.id ?? null, error: error?.id ?? null };
  const view = store.device.model.savedQueries.find(
    (one) => one.table === table && one.name === args['view'],
  );
  if (args['view'] !== undefined && view === undefined)
    throw new UsageError(`Line ${line}: there is no view "${String(args['view'])}".`);
  store.go(screen as ScreenId, { ...place, view: view?.id ?? null });
  if (args['term'] !== undefined) store.search.type(String(args['term']));
}
