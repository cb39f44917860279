/** Commands and their keys as data: the matcher, the help bar, the help screen and the README come from this list. */
export type CommandId = (typeof keyBindings)[number]['command'];

/** Where a key means something: everywhere, on lists, or on one screen. */
export type Context = (typeof contexts)[number];

const contexts = [
  'global',
  'list',
  'sync',
  'home',
  'grid',
  'search',
  'form',
  'pick',
  'delete',
  'timeline',
  'status',
  'errors',
  'conflict',
  'queue',
  'why',
  'profile',
  'capabilities',
  'chaos',
  'server',
  'help',
] as const;

interface Binding<Id extends string> {
  readonly command: Id;
  readonly keys: readonly [string, ...string[]];
  readonly context: Context;
  readonly label: string;
}

function bind<const Id extends string>(
  context: Context,
  keys: string,
  command: Id,
  label: string,
): Binding<Id> {
  const [first = '', ...others] = keys.split(' ');
  return { context, keys: [first, ...others], command, label };
}

export const keyBindings = [
  bind('global', '?', 'help', 'help'),
  bind('global', 'o', 'toggleOnline', 'offline / online'),
  bind('global', 's', 'sync', 'sync now'),
  bind('global', 'd', 'status', 'device status'),
  bind('global', 'x', 'errors', 'sync errors'),
  bind('global', 'u', 'queue', 'queue of edits'),
  bind('global', '/', 'search', 'search'),
  bind('global', 'h', 'home', 'home'),
  bind('global', 'p', 'profile', 'offline profile'),
  bind('global', 'c', 'chaos', 'chaos'),
  bind('global', 'v', 'server', 'server desk: be another user'),
  bind('global', 'tab', 'nextPane', 'next device or desk'),
  bind('global', '1 2 3 4 5 6 7 8 9', 'pane', 'device or desk by number'),
  bind('global', 'escape', 'back', 'back'),
  bind('global', 'q', 'quit', 'quit'),
  bind('global', 'U', 'undoDelete', 'undo the last deletion'),
  bind('global', '.', 'minute', 'time moves a minute (with --clock)'),
  bind('list', 'up k', 'up', 'up'),
  bind('list', 'down j', 'down', 'down'),
  bind('list', 'pageup', 'pageUp', 'page up'),
  bind('list', 'pagedown', 'pageDown', 'page down'),
  bind('list', 'home', 'top', 'first'),
  bind('list', 'end', 'bottom', 'last'),
  bind('sync', 'return', 'open', 'use what is here already'),
  bind('home', 'return', 'open', 'open'),
  bind('home', 'y', 'capabilities', 'what works offline'),
  bind('home', 'e', 'drafts', 'forms left without saving'),
  bind('grid', 'return', 'open', 'open'),
  bind('grid', 'n', 'new', 'new'),
  bind('grid', 'D', 'delete', 'delete'),
  bind('grid', 'r', 'refresh', 'refresh'),
  bind('grid', 'V', 'changeView', 'change view'),
  bind('grid', 'S', 'sort', 'sort'),
  bind('grid', '/ f', 'find', 'find'),
  bind('grid', 'y', 'why', 'why is it here'),
  bind('search', 'return', 'open', 'open'),
  bind('search', 'tab', 'changeMode', 'how to compare'),
  bind('search', 'right', 'nextTable', 'one table'),
  bind('search', 'left', 'previousTable', 'other table'),
  bind('form', 'return e', 'edit', 'edit field'),
  bind('form', 'w ctrl+s', 'save', 'save'),
  bind('form', 't', 'timeline', 'timeline'),
  bind('form', 'm', 'commands', 'commands'),
  bind('form', 'a', 'accept', 'accept recommendation'),
  bind('form', 'y', 'explain', 'why is the field so'),
  bind('form', 'Y', 'why', 'why is it here'),
  bind('form', 'K', 'keepMine', 'changed meanwhile: keep mine'),
  bind('form', 'T', 'takeServer', 'changed meanwhile: take theirs'),
  bind('form', '>', 'nextStage', 'next stage'),
  bind('form', '<', 'previousStage', 'previous stage'),
  bind('form', 'g', 'setActiveStage', 'set active stage'),
  bind('pick', 'return', 'open', 'choose'),
  bind('delete', 'y', 'confirm', 'delete'),
  bind('delete', 'n', 'keep', 'keep'),
  bind('timeline', 'n', 'note', 'add note'),
  bind('timeline', 'P', 'picture', 'take picture'),
  bind('timeline', 'R', 'removeAttachment', 'remove attachment'),
  bind('timeline', 'D', 'delete', 'delete note'),
  bind('status', 'V', 'verify', 'compare with the server'),
  bind('status', 'A', 'autoSync', 'automatic / by hand'),
  bind('status', 'W', 'wifiOnly', 'Wi-Fi only'),
  bind('status', 'I', 'interval', 'interval'),
  bind('status', 'U', 'signOut', 'sign out, sign in as another user'),
  bind('errors', 'return', 'open', 'compare'),
  bind('errors', 'R', 'retry', 'retry'),
  bind('errors', 'K', 'keepMine', 'keep mine'),
  bind('errors', 'T', 'takeServer', "take the server's"),
  bind('errors', 'D', 'discard', 'discard'),
  bind('conflict', 'left', 'takeMine', 'column: mine'),
  bind('conflict', 'right', 'takeTheirs', 'column: theirs'),
  bind('conflict', 'return e', 'edit', 'column: another value'),
  bind('conflict', 'K', 'keepMine', 'send what is chosen'),
  bind('conflict', 'T', 'takeServer', "take the server's"),
  bind('conflict', 'R', 'retry', 'retry as it was'),
  bind('conflict', 'D', 'discard', 'discard'),
  bind('queue', 'return', 'explain', 'look inside'),
  bind('queue', 'U', 'undo', 'undo'),
  bind('why', 'return', 'open', 'open the row'),
  bind('profile', 'return', 'capabilities', 'what works offline'),
  bind('chaos', 'return right', 'nextValue', 'next value'),
  bind('chaos', 'left', 'previousValue', 'previous value'),
  bind('server', 'return e', 'edit', 'edit column as this user'),
  bind('server', 'U', 'user', 'be another user'),
  bind('server', 'D', 'delete', 'delete the row'),
  bind('server', 'A', 'assign', 'assign the row'),
  bind('server', 'B', 'burst', 'ten edits of other rows'),
  bind('server', 'C', 'conflicts', 'conflict detection'),
  bind('server', 'H', 'share', 'share the row / stop sharing'),
  bind('server', 'L', 'role', 'take / give the right to delete'),
  bind('server', 'P', 'publish', 'add / remove a column and publish'),
  bind('server', 'X', 'expire', 'expire the change log'),
] as const satisfies readonly Binding<string>[];

/** Screens on which letters are typed text. */
const typing: ReadonlySet<string> = new Set(['search', 'pick']);

/** The command of a key on a screen: the screen's own first, then lists, then everywhere. */
export function commandOf(key: string, screen: string): CommandId | null {
  for (const context of [screen, 'list', 'global']) {
    const found = keyBindings.find(
      (one) => one.context === context && (one.keys as readonly string[]).includes(key),
    );
    if (found !== undefined) return found.command;
  }
  return null;
}

const shownKeys: Readonly<Record<string, string>> = {
  return: 'enter',
  escape: 'esc',
  pageup: 'PgUp',
  pagedown: 'PgDn',
};

export function keyText(key: string): string {
  return shownKeys[key] ?? key;
}

/** What can be pressed here, the most useful first. */
export function helpBar(screen: string): string {
  const own = keyBindings.filter((one) => one.context === screen);
  const everywhere = keyBindings.filter(
    (one) => one.context === 'global' && (!typing.has(screen) || one.command === 'back'),
  );
  return [...everywhere.slice(0, 1), ...own, ...everywhere.slice(1)]
    .map((one) => `${keyText(one.keys[0])} ${one.label}`)
    .join('  ');
}

/** All keys by where they mean something. */
export function keysByContext(): readonly {
  readonly context: Context;
  readonly bindings: readonly { readonly keys: string; readonly label: string }[];
}[] {
  return contexts
    .map((context) => ({
      context,
      bindings: keyBindings
        .filter((one) => one.context === context)
        .map((one) => ({ keys: one.keys.map(keyText).join(' '), label: one.label })),
    }))
    .filter(({ bindings }) => bindings.length > 0);
}
