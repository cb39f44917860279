import { defineTable, type Table } from '@outpost/model';

/** Position, with the logical names, types and options of the Common Data Model. */
export const position: Table = defineTable({
  name: 'position',
  label: 'Position',
  pluralLabel: 'Positions',
  setName: 'positions',
  primaryName: 'name',
  ownership: 'organization',
  columns: {
    statecode: {
      type: 'state',
      label: 'Status',
      options: [
        { value: 0, label: 'Active', defaultStatus: 1 },
        { value: 1, label: 'Inactive', defaultStatus: 2 },
      ],
      default: 0,
    },
    statuscode: {
      type: 'status',
      label: 'Status Reason',
      options: [
        { value: 1, label: 'Active', state: 0 },
        { value: 2, label: 'Inactive', state: 1 },
      ],
      default: 1,
    },
    name: { type: 'string', label: 'Name', maxLength: 100, required: 'required' },
    parentpositionid: { type: 'lookup', label: 'Parent Position', targets: ['position'] },
    description: { type: 'string', label: 'Description', maxLength: 100 },
  },
});
