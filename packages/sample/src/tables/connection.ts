import { defineTable, type Table } from '@outpost/model';

/** Connection, with the logical names, types and options of the Common Data Model. */
export const connection: Table = defineTable({
  name: 'connection',
  label: 'Connection',
  pluralLabel: 'Connections',
  setName: 'connections',
  primaryName: 'name',
  ownership: 'user',
  columns: {
    statuscode: {
      type: 'status',
      label: 'Status Reason',
      options: [
        { value: 1, label: 'Active', state: 0 },
        { value: 2, label: 'Inactive', state: 1 },
      ],
      default: 1,
    },
    effectivestart: { type: 'dateTime', label: 'Starting' },
    ismaster: { type: 'boolean', label: 'Is Master' },
    description: { type: 'memo', label: 'Description', maxLength: 2000 },
    record2id: {
      type: 'lookup',
      label: 'Connected to',
      targets: ['account', 'contact', 'opportunity'],
    },
    record2idobjecttypecode: { type: 'string', label: 'record2Id Type', maxLength: 100 },
    record2roleid: { type: 'lookup', label: 'Role (To)', targets: ['connectionrole'] },
    effectiveend: { type: 'dateTime', label: 'Ending' },
    record1roleid: { type: 'lookup', label: 'Role (From)', targets: ['connectionrole'] },
    record1id: {
      type: 'lookup',
      label: 'Connected from',
      targets: ['account', 'contact', 'opportunity'],
    },
    record1idobjecttypecode: { type: 'string', label: 'record1Id Type', maxLength: 100 },
    statecode: {
      type: 'state',
      label: 'Status',
      options: [
        { value: 0, label: 'Active', defaultStatus: 1 },
        { value: 1, label: 'Inactive', defaultStatus: 2 },
      ],
      default: 0,
    },
    record2objecttypecode: {
      type: 'choice',
      label: 'Type (To)',
      options: [{ value: 0, label: 'Default Value' }],
    },
    record1objecttypecode: {
      type: 'choice',
      label: 'Type (From)',
      options: [{ value: 0, label: 'Default Value' }],
    },
    name: { type: 'string', label: 'Connection Name', maxLength: 500 },
  },
});
