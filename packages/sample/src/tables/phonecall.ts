import { defineTable, type Table } from '@outpost/model';

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
    directioncode: {
      type: 'boolean',
      label: 'Direction',
      options: [
        { value: 0, label: 'Incoming' },
        { value: 1, label: 'Outgoing' },
      ],
      default: true,
    },
    regardingobjectid: {
      type: 'lookup',
      label: 'Regarding',
      targets: ['account', 'contact', 'lead', 'opportunity', 'incident'],
    },
  },
});
