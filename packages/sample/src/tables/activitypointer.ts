import { defineTable, type Table } from '@outpost/model';
import { activityColumns } from './activity-columns.ts';

/** Activity, with the logical names, types and options of the Common Data Model. */
export const activitypointer: Table = defineTable({
  name: 'activitypointer',
  label: 'Activity',
  pluralLabel: 'Activities',
  setName: 'activitypointers',
  isActivity: true,
  primaryId: 'activityid',
  primaryName: 'subject',
  ownership: 'user',
  columns: {
    ...activityColumns,
    description: { type: 'memo', label: 'Description', maxLength: 2000 },
    statecode: {
      type: 'state',
      label: 'Activity Status',
      options: [
        { value: 0, label: 'Open', defaultStatus: 1 },
        { value: 1, label: 'Completed', defaultStatus: 2 },
        { value: 2, label: 'Canceled', defaultStatus: 3 },
        { value: 3, label: 'Scheduled', defaultStatus: 4 },
      ],
      default: 0,
    },
    statuscode: {
      type: 'status',
      label: 'Status Reason',
      options: [
        { value: 1, label: 'Open', state: 0 },
        { value: 2, label: 'Completed', state: 1 },
        { value: 3, label: 'Canceled', state: 2 },
        { value: 4, label: 'Scheduled', state: 3 },
      ],
      default: 1,
    },
    activitytypecode: { type: 'string', label: 'Activity Type', maxLength: 64 },
  },
});
