import { defineTable, type Table } from '@outpost/model';
import { activityColumns } from './activity-columns.ts';

/** Phone Call, with the logical names, types and options of the Common Data Model. */
export const phonecall: Table = defineTable({
  name: 'phonecall',
  label: 'Phone Call',
  pluralLabel: 'Phone Calls',
  setName: 'phonecalls',
  isActivity: true,
  primaryId: 'activityid',
  primaryName: 'subject',
  ownership: 'user',
  columns: {
    ...activityColumns,
    phonenumber: { type: 'string', label: 'Phone Number', maxLength: 200, format: 'phone' },
    description: { type: 'memo', label: 'Description', maxLength: 2000 },
    statecode: {
      type: 'state',
      label: 'Activity Status',
      options: [
        { value: 0, label: 'Open', defaultStatus: 1 },
        { value: 1, label: 'Completed', defaultStatus: 2 },
        { value: 2, label: 'Canceled', defaultStatus: 3 },
      ],
      default: 0,
    },
    statuscode: {
      type: 'status',
      label: 'Status Reason',
      options: [
        { value: 1, label: 'Open', state: 0 },
        { value: 2, label: 'Made', state: 1 },
        { value: 3, label: 'Canceled', state: 2 },
        { value: 4, label: 'Received', state: 1 },
      ],
      default: 1,
    },
    directioncode: {
      type: 'boolean',
      label: 'Direction',
      options: [
        { value: 0, label: 'Incoming' },
        { value: 1, label: 'Outgoing' },
      ],
      default: true,
    },
  },
});
