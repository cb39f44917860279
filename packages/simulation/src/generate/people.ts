import type { Random } from '@outpost/model';
import type { Decision, DecisionKind } from '../world/decision.ts';
import { biased, drawn, fraction, one, waitOf } from './draw.ts';

/** What people do besides single edits; drawn apart, so that other draws stay as they are. */
export type PersonKind = Extract<
  DecisionKind,
  | 'fill'
  | 'deleteFamily'
  | 'hand'
  | 'close'
  | 'reopen'
  | 'repair'
  | 'openForm'
  | 'type'
  | 'answer'
  | 'saveForm'
  | 'leaveForm'
  | 'resume'
  | 'overtake'
  | 'signOut'
  | 'signIn'
  | 'reshape'
>;

const weights: Readonly<Record<PersonKind, number>> = {
  fill: 8,
  deleteFamily: 3,
  hand: 3,
  close: 5,
  reopen: 3,
  repair: 8,
  openForm: 10,
  type: 24,
  answer: 3,
  saveForm: 10,
  leaveForm: 4,
  resume: 5,
  overtake: 6,
  signOut: 2,
  signIn: 5,
  reshape: 8,
};

export interface PeopleOptions {
  readonly devices: number;
  /** Tables that can be edited. */
  readonly tables: readonly string[];
  /** The administrator changes things. */
  readonly admin: boolean;
}

/** Puts what people do in the place of some of the decisions of a run. */
export function withPeople(
  random: Random,
  decisions: readonly Decision[],
  options: PeopleOptions,
): readonly Decision[] {
  const kinds = Object.keys(weights) as PersonKind[];
  const weight = biased(random, kinds, weights);
  if (!options.admin) weight.delete('reshape');
  const share = 0.3 + random.next() * 0.4;
  // A person has a few tables at a time, so that what is done to their rows meets.
  const tables = [0, 1, 2].map(() => one(random, options.tables));
  return decisions.map((decision) => {
    if (random.next() >= share) return decision;
    const kind = drawn(random, weight);
    return kind === undefined ? decision : decide(random, kind, { ...options, tables });
  });
}

function decide(random: Random, kind: PersonKind, { devices, tables }: PeopleOptions): Decision {
  const wait = waitOf(random);
  const device = Math.floor(random.next() * devices);
  const table = one(random, tables);
  const at = () => fraction(random);
  const row = at() / 4;
  switch (kind) {
    case 'fill':
      return { wait, device, do: kind, table, row, column: at() };
    case 'deleteFamily':
      return { wait, device, do: kind, row: at() };
    case 'hand':
      return { wait, device, do: kind, table, row, to: at() };
    case 'close':
      return { wait, device, do: kind, table, row, how: at() };
    case 'reopen':
      return { wait, device, do: kind, table, row };
    case 'repair': {
      const actions = ['retry', 'keepMine', 'editAndRetry', 'takeServer', 'discard'] as const;
      return { wait, device, do: kind, error: at(), action: one(random, actions) };
    }
    case 'openForm':
      return { wait, device, do: kind, table, row: random.next() < 0.9 ? row : 0.9 + row / 2.5 };
    case 'type':
      return { wait, device, do: kind, form: at(), field: at(), valid: random.next() < 0.85 };
    case 'answer':
      return { wait, device, do: kind, form: at(), theirs: random.next() < 0.5 };
    case 'signOut':
      return { wait, device, do: kind, pending: random.next() < 0.6 ? 'keep' : 'discard' };
    case 'signIn':
      return { wait, device, do: kind, user: at(), known: random.next() < 0.5 };
    case 'reshape': {
      const changes = ['rename', 'rename', 'lock', 'unlock', 'widen', 'shorten', 'remove'] as const;
      return { wait, do: kind, table, column: at(), change: one(random, changes) };
    }
    case 'overtake':
      return { wait, device, do: kind, form: at(), told: random.next() < 0.7 };
    case 'saveForm':
      return { wait, device, do: kind, form: at() };
    case 'leaveForm':
      return { wait, device, do: kind, form: at(), discard: random.next() < 0.3 };
    case 'resume': {
      const how = one(random, ['continue', 'restore', 'restore', 'forget'] as const);
      return { wait, device, do: kind, draft: at(), how };
    }
    default:
      return kind satisfies never;
  }
}
