import { defineTable, type Table } from '@outpost/model';

/** The custom table of the sample app: a visit at a customer's site. */
export const newVisit: Table = defineTable({
  name: 'new_visit',
  label: 'Site Visit',
  setName: 'new_visits',
  primaryName: 'new_name',
  ownership: 'user',
  isCustom: true,
  columns: {
    new_name: { type: 'string', label: 'Title', maxLength: 100, required: 'required' },
    new_accountid: { type: 'lookup', label: 'Account', targets: ['account'] },
    new_visitedon: { type: 'dateOnly', label: 'Visited On' },
    new_outcome: {
      type: 'choice',
      label: 'Outcome',
      options: [
        { value: 100000000, label: 'Interested' },
        { value: 100000001, label: 'Follow up' },
        { value: 100000002, label: 'Not interested' },
      ],
    },
    new_notes: { type: 'memo', label: 'Notes', maxLength: 4000 },
  },
});
