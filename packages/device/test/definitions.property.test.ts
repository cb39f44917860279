import type { AppModel, Column } from '@outpost/model';
import { sampleApp, sampleUsers } from '@outpost/sample';
import type { Failure, SyncTransport } from '@outpost/sync';
import { lengthOf } from '@outpost/vitest/length';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Device } from '../src/index.ts';
import { openWorld, sync, type World } from './world.ts';

const rounds = lengthOf('OUTPOST_ROUNDS', { short: 1, long: 60 });

/** A column as people know it, whatever it is called. */
interface Known {
  name: string;
  readonly names: Set<string>;
  present: boolean;
  /** It was gone once: the organization knows its former names no more. */
  wasGone: boolean;
  readOnly: boolean;
  maxLength: number;
  type: 'string' | 'memo';
}
const startingWith = (name: string): Known => ({
  ...{
    name,
    names: new Set([name]),
    present: true,
    wasGone: false,
    readOnly: false,
    maxLength: 100,
    type: 'string',
  },
});

function modelOf(all: readonly Known[]): AppModel {
  const columns = all
    .filter((one) => one.present)
    .map(({ name, names, wasGone, readOnly, maxLength, type }): Column => {
      const former = [...names].filter((one) => one !== name).reverse();
      return {
        ...{ name, label: name, type, maxLength, required: 'none' },
        ...(readOnly ? { readOnly } : {}),
        ...(former.length === 0 ? {} : { renamedFrom: wasGone ? former : former.slice(0, 1) }),
      };
    });
  const tables = sampleApp.tables.map((table) =>
    table.name === 'new_visit' ? { ...table, columns: [...table.columns, ...columns] } : table,
  );
  return { ...sampleApp, tables };
}

const failure: Failure = {
  ...{ class: 'network', status: null, code: null, message: 'cut', retryAfterMs: null },
};
const lost = { kind: 'failed', failure } as const;
type Fault = 'none' | 'pushLost' | 'answerLost' | 'pullLost';

const which = fc.nat(2);
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('edit'),
      row: which,
      columns: fc.uniqueArray(which, { minLength: 1 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('cycle'),
      fault: fc.constantFrom<Fault>('none', 'pushLost', 'answerLost', 'pullLost'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('change'),
      column: which,
      how: fc.constantFrom(
        ...['rename', 'rename', 'lock', 'lock', 'lock', 'unlock', 'remove', 'remove', 'bring'],
        ...['shorten', 'lengthen', 'retype'],
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('repair'),
      action: fc.constantFrom('retry', 'keepMine'),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** What a user has saved, by row and column, and where it is to be found. */
class Play {
  readonly #known = ['new_a', 'new_b', 'new_c'].map(startingWith);
  readonly #latest = new Map<string, string>();
  readonly #applied = new Set<string>();
  readonly #ids: string[] = [];
  #world: World | undefined;
  #device: Device | undefined;
  #fault: Fault = 'none';
  #count = 0;

  get #open(): { readonly world: World; readonly device: Device } {
    if (this.#world === undefined || this.#device === undefined) throw new Error('not open');
    return { world: this.#world, device: this.#device };
  }

  async open(): Promise<void> {
    const world = await openWorld(60, beginning);
    this.#world = world;
    this.#device = await world.synced('carla', { transport: this.#over(world.transport('carla')) });
    for (let n = 0; n < 3; n++) {
      const made = this.#device.create('new_visit', { new_name: `Visit ${n}` });
      if (made.kind === 'saved') this.#ids.push(made.id);
    }
    await sync(this.#device);
  }

  close(): Promise<void> {
    return this.#open.world.close();
  }

  #over(inner: SyncTransport): SyncTransport {
    return {
      ...inner,
      push: async (message, signal) => {
        if (this.#fault === 'pushLost') return lost;
        const reply = await inner.push(message, signal);
        return this.#fault === 'answerLost' ? lost : reply;
      },
      pull: async (message, signal) =>
        this.#fault === 'pullLost' ? lost : inner.pull(message, signal),
    };
  }

  async step(one: Step): Promise<void> {
    if ('row' in one) this.#edit(one.row, one.columns);
    else if ('fault' in one) await this.#cycle(one.fault);
    else if ('how' in one) await this.#change(this.#known[one.column], one.how);
    else this.#repair(one.action as 'retry' | 'keepMine');
    this.#expectNothingLost();
  }

  #edit(row: number, columns: readonly number[]): void {
    const { device } = this.#open;
    const id = this.#ids[row] ?? '';
    const table = device.model.tables.find((one) => one.name === 'new_visit');
    const chosen = columns.flatMap((n) => {
      const known = this.#known[n];
      // The device may not have heard of the newest definitions.
      const here = table?.columns.find((one) => known?.names.has(one.name));
      return here === undefined ? [] : [[n, here.name] as const];
    });
    this.#count += 1;
    const textOf = (n: number) => `t${this.#count}${'abc'[n]}`;
    const values = Object.fromEntries(chosen.map(([n, name]) => [name, textOf(n)]));
    if (device.update('new_visit', id, values).kind !== 'saved') return;
    for (const [n] of chosen) this.#latest.set(`${id}/${n}`, textOf(n));
  }

  async #cycle(fault: Fault): Promise<void> {
    this.#fault = fault;
    const { kind } = await this.#open.device.sync.run('DELTA_SYNC');
    this.#fault = 'none';
    expect(['done', 'failed']).toContain(kind);
    await this.#noteApplied();
  }

  async #change(known: Known | undefined, how: string): Promise<void> {
    if (known === undefined) return;
    // What is in the organization now may be in no column that it shows afterwards.
    await this.#noteApplied();
    if (how === 'rename' && known.present) {
      known.name = `new_${[...'abc'][this.#known.indexOf(known)]}${known.names.size}`;
      known.names.add(known.name);
    }
    if (how === 'lock' || how === 'unlock') known.readOnly = how === 'lock';
    if (how === 'remove' || how === 'bring') known.present = how === 'bring';
    if (how === 'remove') known.wasGone = true;
    if (how === 'shorten' || how === 'lengthen') known.maxLength = how === 'shorten' ? 1 : 100;
    if (how === 'retype') known.type = known.type === 'string' ? 'memo' : 'string';
    await this.#open.world.organization.publish(modelOf(this.#known));
  }

  #repair(action: 'retry' | 'keepMine'): void {
    const { errors } = this.#open.device.sync;
    const [error] = errors.list();
    if (error === undefined) return;
    errors.resolve(error.id, action);
    this.#noteRepaired();
  }

  /** What is sent again comes after what was saved meanwhile, and over it. */
  #noteRepaired(): void {
    for (const { id, set } of this.#open.device.sync.outbox.pending()) {
      for (const [n, { names }] of this.#known.entries()) {
        const text = [...names].map((name) => set[name]).find((cell) => typeof cell === 'string');
        if (this.#ids.includes(id) && text !== undefined) this.#latest.set(`${id}/${n}`, `${text}`);
      }
    }
  }

  async #noteApplied(): Promise<void> {
    for (const id of this.#ids) {
      const row = await this.#open.world.organization
        .as(sampleUsers.carla.id)
        .retrieve('new_visit', id);
      for (const value of Object.values(row ?? {})) this.#applied.add(`${id}/${String(value)}`);
    }
  }

  /** Each text is in the organization, waits, or is shown by a sync error. */
  #expectNothingLost(): void {
    const { sync: engine } = this.#open.device;
    const found = new Set(this.#applied);
    const waiting = engine.outbox.unsettled().map(({ id, set }) => ({ id, set }));
    const shown = engine.errors.list().map(({ rowId, wanted }) => ({ id: rowId, set: wanted }));
    for (const { id, set } of [...waiting, ...shown]) {
      for (const cell of Object.values(set)) found.add(`${id}/${String(cell)}`);
    }
    const gone = [...this.#latest].filter(
      ([place, text]) => !found.has(`${place.split('/')[0]}/${text}`),
    );
    expect(gone).toEqual([]);
  }

  /** With every column back as it was, everything that waits or was refused can be applied. */
  async end(): Promise<void> {
    const { world, device } = this.#open;
    for (const known of this.#known) {
      Object.assign(known, { present: true, readOnly: false, maxLength: 100 });
    }
    await world.organization.publish(modelOf(this.#known));
    await sync(device);
    await this.#noteApplied();
    this.#expectNothingLost();
    for (const { id } of device.sync.errors.list()) {
      const isOpen = device.sync.errors.list().some((one) => one.id === id);
      if (isOpen) device.sync.errors.resolve(id, 'keepMine');
    }
    this.#noteRepaired();
    await sync(device);
    await this.#noteApplied();
    expect(device.sync.errors.list()).toEqual([]);
    expect(device.sync.outbox.unsettled()).toEqual([]);
    const lostTexts = [...this.#latest].filter(
      ([place, text]) => !this.#applied.has(`${place.split('/')[0]}/${text}`),
    );
    expect(lostTexts).toEqual([]);
    expect(await device.sync.compare()).toEqual([]);
  }
}

const beginning = modelOf(['new_a', 'new_b', 'new_c'].map(startingWith));

test('N09a, N09b, N09c: whatever becomes of columns, each text that was saved is applied, waits, or is shown by a sync error', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 25, maxLength: 50 }), async (steps) => {
      const play = new Play();
      await play.open();
      try {
        for (const one of steps) await play.step(one);
        await play.end();
      } finally {
        await play.close();
      }
    }),
    { numRuns: rounds },
  );
});
