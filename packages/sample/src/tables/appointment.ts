import { defineTable, type Table } from '@outpost/model';
import { activityColumns } from './activity-columns.ts';

/** Appointment, with the logical names, types and options of the Common Data Model. */
export const appointment: Table = defineTable({
  name: 'appointment',
  label: 'Appointment',
  pluralLabel: 'Appointments',
  setName: 'appointments',
  isActivity: true,
  primaryId: 'activityid',
  primaryName: 'subject',
  ownership: 'user',
  columns: {
    ...activityColumns,
    isalldayevent: { type: 'boolean', label: 'All Day Event' },
    description: { type: 'memo', label: 'Description', maxLength: 1048576 },
    globalobjectid: { type: 'string', label: 'Outlook Appointment', maxLength: 300 },
    statuscode: {
      type: 'status',
      label: 'Status Reason',
      options: [
        { value: 1, label: 'Free', state: 0 },
        { value: 2, label: 'Tentative', state: 0 },
        { value: 3, label: 'Completed', state: 1 },
        { value: 4, label: 'Canceled', state: 2 },
        { value: 5, label: 'Busy', state: 3 },
        { value: 6, label: 'Out of Office', state: 3 },
      ],
      default: 1,
    },
    outlookownerapptid: { type: 'integer', label: 'Outlook Appointment Owner' },
    location: { type: 'string', label: 'Location', maxLength: 200 },
    statecode: {
      type: 'state',
      label: 'Status',
      options: [
        { value: 0, label: 'Open', defaultStatus: 1 },
        { value: 1, label: 'Completed', defaultStatus: 3 },
        { value: 2, label: 'Canceled', defaultStatus: 4 },
        { value: 3, label: 'Scheduled', defaultStatus: 5 },
      ],
      default: 0,
    },
    modifiedfieldsmask: { type: 'memo', label: 'Modified Fields Mask', maxLength: 1073741823 },
    originalstartdate: { type: 'dateTime', label: 'Original Start Date' },
    attachmentcount: { type: 'integer', label: 'Attachment Count' },
    isdraft: { type: 'boolean', label: 'IsDraft' },
  },
});
