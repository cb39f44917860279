import { defineTable, type Table } from '@outpost/model';

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
    subject: { type: 'string', label: 'Subject', maxLength: 400, required: 'required' },
    scheduledstart: { type: 'dateTime', label: 'Start Date' },
    scheduledend: { type: 'dateTime', label: 'Due Date' },
    actualend: { type: 'dateTime', label: 'Actual End' },
    prioritycode: {
      type: 'choice',
      label: 'Priority',
      options: [
        { value: 0, label: 'Low' },
        { value: 1, label: 'Normal' },
        { value: 2, label: 'High' },
      ],
      default: 1,
    },
    regardingobjectid: {
      type: 'lookup',
      label: 'Regarding',
      targets: ['account', 'contact', 'lead', 'opportunity', 'incident'],
    },
    activitytypecode: { type: 'string', label: 'Activity Type', maxLength: 64 },
  },
});
