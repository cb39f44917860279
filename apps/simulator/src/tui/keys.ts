/** Commands and their keys as data: the matcher, the help bar and the help screen come from this list. */
export type CommandId =
  | 'quit'
  | 'toggleOnline'
  | 'sync'
  | 'status'
  | 'home'
  | 'help'
  | 'back'
  | 'up'
  | 'down'
  | 'pageUp'
  | 'pageDown'
  | 'top'
  | 'bottom'
  | 'open'
  | 'new'
  | 'delete'
  | 'refresh'
  | 'changeView'
  | 'find'
  | 'search'
  | 'changeMode'
  | 'nextTable'
  | 'previousTable'
  | 'editField'
  | 'save'
  | 'nextStage'
  | 'previousStage'
  | 'setActiveStage'
  | 'explain'
  | 'qualify'
  | 'accept'
  | 'retry'
  | 'keepMine'
  | 'takeServer'
  | 'discard'
  | 'errors';

export type Context = 'global' | 'home' | 'grid' | 'search' | 'form' | 'errors' | 'list';

export interface KeyBinding {
  readonly command: CommandId;
  readonly keys: readonly string[];
  readonly context: Context;
  readonly label: string;
}

export const keyBindings: readonly KeyBinding[] = [
  { command: 'toggleOnline', keys: ['o'], context: 'global', label: 'offline / online' },
  { command: 'sync', keys: ['s'], context: 'global', label: 'sync now' },
  { command: 'status', keys: ['d'], context: 'global', label: 'device status' },
  { command: 'errors', keys: ['x'], context: 'global', label: 'sync errors' },
  { command: 'search', keys: ['/'], context: 'global', label: 'search' },
  { command: 'home', keys: ['h'], context: 'global', label: 'home' },
  { command: 'help', keys: ['?'], context: 'global', label: 'help' },
  { command: 'quit', keys: ['q'], context: 'global', label: 'quit' },
  { command: 'back', keys: ['escape'], context: 'global', label: 'back' },
  { command: 'up', keys: ['up', 'k'], context: 'list', label: 'up' },
  { command: 'down', keys: ['down', 'j'], context: 'list', label: 'down' },
  { command: 'pageUp', keys: ['pageup'], context: 'list', label: 'page up' },
  { command: 'pageDown', keys: ['pagedown'], context: 'list', label: 'page down' },
  { command: 'top', keys: ['home'], context: 'list', label: 'first' },
  { command: 'bottom', keys: ['end'], context: 'list', label: 'last' },
  { command: 'open', keys: ['return'], context: 'home', label: 'open' },
  { command: 'open', keys: ['return'], context: 'grid', label: 'open' },
  { command: 'new', keys: ['n'], context: 'grid', label: 'new' },
  { command: 'delete', keys: ['D'], context: 'grid', label: 'delete' },
  { command: 'refresh', keys: ['r'], context: 'grid', label: 'refresh' },
  { command: 'changeView', keys: ['v'], context: 'grid', label: 'change view' },
  { command: 'find', keys: ['/'], context: 'grid', label: 'find' },
  { command: 'open', keys: ['return'], context: 'search', label: 'open' },
  { command: 'changeMode', keys: ['tab'], context: 'search', label: 'how to compare' },
  { command: 'nextTable', keys: ['right'], context: 'search', label: 'one table' },
  { command: 'previousTable', keys: ['left'], context: 'search', label: 'other table' },
  { command: 'editField', keys: ['return', 'e'], context: 'form', label: 'edit field' },
  { command: 'save', keys: ['ctrl+s', 'w'], context: 'form', label: 'save' },
  { command: 'nextStage', keys: ['>'], context: 'form', label: 'next stage' },
  { command: 'previousStage', keys: ['<'], context: 'form', label: 'previous stage' },
  { command: 'setActiveStage', keys: ['g'], context: 'form', label: 'set active stage' },
  { command: 'explain', keys: ['y'], context: 'form', label: 'why' },
  { command: 'qualify', keys: ['Q'], context: 'form', label: 'qualify lead' },
  { command: 'accept', keys: ['a'], context: 'form', label: 'accept recommendation' },
  { command: 'retry', keys: ['R'], context: 'errors', label: 'retry' },
  { command: 'keepMine', keys: ['K'], context: 'errors', label: 'keep mine' },
  { command: 'takeServer', keys: ['T'], context: 'errors', label: "take the server's" },
  { command: 'discard', keys: ['D'], context: 'errors', label: 'discard' },
];

/** The command of a key on a screen: the screen's own first, then lists, then everywhere. */
export function commandOf(key: string, screen: string): CommandId | null {
  const contexts: readonly string[] = [screen, 'list', 'global'];
  for (const context of contexts) {
    const found = keyBindings.find((one) => one.context === context && one.keys.includes(key));
    if (found !== undefined) return found.command;
  }
  return null;
}

export function helpBar(screen: string): string {
  const own = keyBindings.filter((one) => one.context === screen);
  // On the search screen letters are typed.
  const everywhere = keyBindings.filter(
    (one) => one.context === 'global' && (screen !== 'search' || one.command === 'back'),
  );
  return [...own, ...everywhere]
    .map(
      (one) => `${one.keys[0]?.replace('return', 'enter').replace('escape', 'esc')} ${one.label}`,
    )
    .join('  ');
}
