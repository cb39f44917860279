import type { SaveResult } from '@outpost/device';
import {
  type Cells,
  type ColumnValue,
  type Command,
  parseValue,
  type RowValues,
  valuesToCells,
} from '@outpost/model';
import type { VirtualClock } from '@outpost/testkit';
import type { Reporter } from '../output/events.ts';
import type { Desk } from '../tui/desk.ts';
import { UsageError } from '../usage-error.ts';
import type { OpenDevice, World } from '../world/world.ts';
import { named, type Ref } from './named-rows.ts';
import { isRecord, type Scenario, type Step } from './scenario.ts';

/** What the steps of a running scenario share. */
export class ScenarioContext {
  readonly world: World;
  readonly scenario: Scenario;
  readonly report: Reporter;
  readonly desk: Desk;
  /** Keeps a picture. */
  readonly frame: (name: string) => void;
  /** The time of everybody: of devices and of the organization. */
  readonly clock: VirtualClock;
  readonly devices = new Map<string, OpenDevice>();
  /** Who has signed in on a device, where that is not the one whose it is. */
  readonly users = new Map<string, string>();
  readonly refs = new Map<string, Ref>();
  /** What became of the newest edit. */
  saved: SaveResult | null = null;
  resumed = false;
  failed = 0;
  requestsBefore = 0;
  /** Devices opened so far, again or for the first time. */
  openings = 0;

  /** Commands of the matrix that were carried out. */
  readonly commands = new Set<Command>();

  constructor({
    world,
    scenario,
    report,
    desk,
    frame,
    clock,
  }: Pick<ScenarioContext, 'world' | 'scenario' | 'report' | 'desk' | 'frame' | 'clock'>) {
    this.world = world;
    this.scenario = scenario;
    this.report = report;
    this.desk = desk;
    this.frame = frame;
    this.clock = clock;
  }

  check(ok: boolean, what: string, wanted: unknown, found: unknown, line: number): void {
    if (!ok) this.failed += 1;
    this.report({ type: 'expect', ok, what, wanted, found, line });
  }

  /** The device a step names; the first one of the scenario when it names none. */
  name(args: Step['args']): string {
    return String(args['device'] ?? Object.keys(this.scenario.devices)[0]);
  }

  device(args: Step['args']): OpenDevice {
    const opened = this.devices.get(this.name(args));
    if (opened === undefined)
      throw new UsageError(`Device "${this.name(args)}" is not open; add an "open" step.`);
    return opened;
  }

  /** The row that `$label` or `table/name` stands for. */
  ref(value: unknown): Ref {
    const text = String(value);
    const found = text.startsWith('$') ? this.refs.get(text.slice(1)) : named[text];
    if (found === undefined)
      throw new UsageError(
        `Nothing is named "${text}". Use $label of an earlier step, or one of ${Object.keys(named).join(', ')}.`,
      );
    return found;
  }

  /** Values of a step; `$label` and `table/name` stand for lookups. */
  values(values: unknown): Record<string, unknown> {
    const isRef = (value: unknown) =>
      typeof value === 'string' && (value.startsWith('$') || Object.hasOwn(named, value));
    return Object.fromEntries(
      Object.entries(isRecord(values) ? values : {}).map(([column, value]) => [
        column,
        isRef(value) ? this.ref(value) : value,
      ]),
    );
  }

  /** Values of a step as values of a table's columns. */
  typed(table: string, values: unknown): RowValues {
    const definition = this.world.organization.model.tables.find((one) => one.name === table);
    const typed: Record<string, ColumnValue> = {};
    for (const [name, value] of Object.entries(this.values(values))) {
      const column = definition?.columns.find((one) => one.name === name);
      const user = column?.type === 'owner' ? this.world.users.get(String(value)) : undefined;
      const parsed =
        column === undefined
          ? null
          : parseValue(column, user === undefined ? value : { table: 'systemuser', id: user.id });
      if (parsed === null || parsed.kind === 'invalid')
        throw new UsageError(`"${String(value)}" does not fit ${table}.${name}.`);
      typed[name] = parsed.value;
    }
    return typed;
  }

  /** The same as cells. */
  cells(table: string, values: unknown): Cells {
    const definition = this.world.organization.model.tables.find((one) => one.name === table);
    if (definition === undefined) throw new UsageError(`There is no table "${table}".`);
    const typed = this.typed(table, values);
    const columns = definition.columns.filter((one) => Object.hasOwn(typed, one.name));
    return valuesToCells({ ...definition, columns }, typed);
  }

  /** The device's rows equal the server's view of its user. Checking is not counted as download. */
  async converged({ device }: OpenDevice): Promise<boolean> {
    const { traffic } = this.world;
    const before = { ...traffic };
    const differences = await device.sync.compare();
    Object.assign(traffic, before);
    return differences.length === 0;
  }
}
