import { defineTable, type Table } from '@outpost/model';
import { activityColumns } from './activity-columns.ts';

/** Email, with the logical names, types and options of the Common Data Model. */
export const email: Table = defineTable({
  name: 'email',
  label: 'Email',
  pluralLabel: 'Email Messages',
  setName: 'emails',
  isActivity: true,
  primaryId: 'activityid',
  primaryName: 'subject',
  ownership: 'user',
  columns: {
    ...activityColumns,
    statuscode: {
      type: 'status',
      label: 'Status Reason',
      options: [
        { value: 1, label: 'Draft', state: 0 },
        { value: 2, label: 'Completed', state: 1 },
        { value: 3, label: 'Sent', state: 1 },
        { value: 4, label: 'Received', state: 1 },
        { value: 5, label: 'Canceled', state: 2 },
        { value: 6, label: 'Pending Send', state: 1 },
        { value: 7, label: 'Sending', state: 1 },
        { value: 8, label: 'Failed', state: 0 },
      ],
      default: 1,
    },
    description: { type: 'memo', label: 'Description', maxLength: 1073741823 },
    mimetype: { type: 'string', label: 'Mime Type', maxLength: 256 },
    sender: { type: 'string', label: 'From', maxLength: 250 },
    statecode: {
      type: 'state',
      label: 'Activity Status',
      options: [
        { value: 0, label: 'Open', defaultStatus: 1 },
        { value: 1, label: 'Completed', defaultStatus: 2 },
        { value: 2, label: 'Canceled', defaultStatus: 5 },
      ],
      default: 0,
    },
    attachmentcount: { type: 'integer', label: 'Attachment Count' },
    isemailfollowed: { type: 'boolean', label: 'Followed' },
  },
});
