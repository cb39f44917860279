import { defineTable, type Table } from '@outpost/model';

/** Connection Role, with the logical names, types and options of the Common Data Model. */
export const connectionrole: Table = defineTable({
  name: 'connectionrole',
  label: 'Connection Role',
  pluralLabel: 'Connection Roles',
  setName: 'connectionroles',
  primaryName: 'name',
  ownership: 'organization',
  columns: {
    name: { type: 'string', label: 'Name', maxLength: 100, required: 'required' },
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
    category: {
      type: 'choice',
      label: 'Connection Role Category',
      options: [
        { value: 1, label: 'Business' },
        { value: 2, label: 'Family' },
        { value: 3, label: 'Social' },
        { value: 4, label: 'Sales' },
        { value: 5, label: 'Other' },
        { value: 1000, label: 'Stakeholder' },
        { value: 1001, label: 'Sales Team' },
        { value: 1002, label: 'Service' },
      ],
    },
    description: { type: 'memo', label: 'Description', maxLength: 1000 },
  },
});
