import type { FormSession } from '@outpost/device';
import type { Cells } from '@outpost/model';
import type { SortOrder } from './grid-window.ts';

export type ScreenId =
  | 'sync'
  | 'home'
  | 'grid'
  | 'search'
  | 'form'
  | 'pick'
  | 'delete'
  | 'timeline'
  | 'status'
  | 'errors'
  | 'conflict'
  | 'queue'
  | 'why'
  | 'profile'
  | 'capabilities'
  | 'chaos'
  | 'help';

/** A choice from a list: rows of a lookup, labels of a choice, views, commands. */
export interface Choices {
  readonly title: string;
  /** What there is to choose for what is typed. */
  readonly options: (typed: string) => readonly Choice[];
  readonly choose: (choice: Choice) => void;
}
export interface Choice {
  readonly label: string;
  readonly value: unknown;
  /** Why it cannot be chosen; null: it can. */
  readonly reason: string | null;
}

/** Where the user is on a device, and how to come back to it. */
export interface Place {
  readonly screen: ScreenId;
  readonly selected: number;
  readonly table: string | null;
  /** Row. */
  readonly id: string | null;
  /** Of a grid: id of the view; null: the default one. */
  readonly view: string | null;
  readonly term: string | null;
  readonly sort: SortOrder | null;
  readonly form: FormSession | null;
  /** Whether the screen says why the selected line is as it is. */
  readonly explaining: boolean;
  /** Of a conflict: the sync error, and by slot what to send instead of mine. */
  readonly error: string | null;
  readonly chosen: Cells;
  readonly choices: Choices | null;
  readonly typed: string;
}

export function place(screen: ScreenId, rest: Partial<Place> = {}): Place {
  return {
    screen,
    selected: 0,
    table: null,
    id: null,
    view: null,
    term: null,
    sort: null,
    form: null,
    explaining: false,
    error: null,
    chosen: {},
    choices: null,
    typed: '',
    ...rest,
  };
}

/** A line of text being typed. */
export interface TextInput {
  readonly label: string;
  readonly text: string;
  readonly maxLength: number;
  readonly done: (text: string) => void;
  /** Told of every change. */
  readonly typed?: (text: string) => void;
}

/** The text after a key; null: the key is no text. */
export function typedText(text: string, key: string, maxLength: number): string | null {
  if (key === 'backspace') return [...text].slice(0, -1).join('');
  if (key === 'space') return `${text} `.slice(0, maxLength);
  return [...key].length === 1 ? (text + key).slice(0, maxLength) : null;
}
