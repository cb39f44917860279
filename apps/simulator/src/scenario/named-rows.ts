import { namedRows, southTeamId } from '@outpost/sample';

/** A row that a scenario speaks of. */
export interface Ref {
  readonly table: string;
  readonly id: string;
}

/** Rows of the sample that scenarios may name; later rows are named by `as`. */
export const named: Readonly<Record<string, Ref>> = {
  'account/alpine': { table: 'account', id: namedRows.alpine },
  'contact/kai-moe': { table: 'contact', id: namedRows.kai },
  'opportunity/ski-lift': { table: 'opportunity', id: namedRows.skiLift },
  'task/call-back': { table: 'task', id: namedRows.callBack },
  'team/south': { table: 'team', id: southTeamId },
};
