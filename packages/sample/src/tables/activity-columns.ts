import type { ColumnDefinition } from '@outpost/model';

/** Columns that every activity has, and that its activity pointer shows. */
export const activityColumns: Readonly<Record<string, ColumnDefinition>> = {
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
};
