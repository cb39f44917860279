import type { Table } from '../table.ts';

export type Command =
  | 'create'
  | 'read'
  | 'update'
  | 'delete'
  | 'convertToCase'
  | 'qualify'
  | 'disqualify'
  | 'markComplete'
  | 'refresh'
  | 'convertToOpportunity'
  /** Opens a closed row again; a change of its state. */
  | 'activate';

const full: readonly Command[] = ['create', 'read', 'update', 'delete'];

/** Commands that work offline, by table. Everything else is hidden offline and refused when called. */
export const commandMatrix: Readonly<Record<string, readonly Command[]>> = {
  account: full,
  activitypointer: ['read', 'delete'],
  appointment: [...full, 'convertToCase'],
  activitymimeattachment: ['read'],
  incident: full,
  competitor: full,
  competitoraddress: full,
  connection: ['read'],
  connectionrole: ['read'],
  contact: full,
  email: ['read'],
  lead: [...full, 'qualify', 'disqualify'],
  opportunity: full,
  opportunityproduct: full,
  phonecall: full,
  position: full,
  product: ['read'],
  task: full,
  team: ['read'],
  systemuser: ['read'],
};

/** Commands of every custom table: the matrix's row "Custom Entity", with its form commands. */
export const customTableCommands: readonly Command[] = [
  ...full,
  'markComplete',
  'refresh',
  'convertToOpportunity',
];

/** Commands on the form of a custom table offline, in the order they stand there. */
const customFormCommands: readonly Command[] = [
  'markComplete',
  'refresh',
  'convertToOpportunity',
  'delete',
];

const notesCommands: readonly Command[] = ['create', 'read', 'update', 'delete'];
const platformTables: Readonly<Record<string, readonly Command[]>> = {
  annotation: notesCommands,
  syncerror: ['read', 'update', 'delete'],
};

/** What a user may do with rows of a table while offline. */
export function offlineCommands(table: Table): readonly Command[] {
  const listed = commandMatrix[table.name] ?? platformTables[table.name];
  if (listed !== undefined) return listed;
  if (table.isIntersect) return ['read'];
  return table.isCustom ? customTableCommands : ['read'];
}

/** What a form offers offline for a saved row, besides saving. */
export function formCommands(table: Table): readonly Command[] {
  const offered = offlineCommands(table);
  if (offered === customTableCommands) return customFormCommands;
  const others = offered.filter((one) => !full.includes(one));
  return offered.includes('delete') ? [...others, 'delete'] : others;
}
