import { defineTable, type Table } from '@outpost/model';
import { activityColumns } from './activity-columns.ts';

/** Task, with the logical names, types and options of the Common Data Model. */
export const task: Table = defineTable({
  name: 'task',
  label: 'Task',
  pluralLabel: 'Tasks',
  setName: 'tasks',
  isActivity: true,
  primaryId: 'activityid',
  primaryName: 'subject',
  ownership: 'user',
  columns: {
    ...activityColumns,
    regardingobjecttypecode: { type: 'string', label: 'Regarding Type', maxLength: 100 },
    statecode: {
      type: 'state',
      label: 'Activity Status',
      options: [
        { value: 0, label: 'Open', defaultStatus: 2 },
        { value: 1, label: 'Completed', defaultStatus: 5 },
        { value: 2, label: 'Canceled', defaultStatus: 6 },
      ],
      default: 0,
    },
    description: { type: 'memo', label: 'Description', maxLength: 2000 },
    percentcomplete: { type: 'integer', label: 'Percent Complete' },
    statuscode: {
      type: 'status',
      label: 'Status Reason',
      options: [
        { value: 2, label: 'Not Started', state: 0 },
        { value: 3, label: 'In Progress', state: 0 },
        { value: 4, label: 'Waiting on someone else', state: 0 },
        { value: 5, label: 'Completed', state: 1 },
        { value: 6, label: 'Canceled', state: 2 },
        { value: 7, label: 'Deferred', state: 0 },
      ],
      default: 2,
    },
  },
});
