import { defineTable, type Table } from '@outpost/model';

/** Team, with the logical names, types and options of the Common Data Model. */
export const team: Table = defineTable({
  name: 'team',
  label: 'Team',
  pluralLabel: 'Teams',
  setName: 'teams',
  primaryName: 'name',
  ownership: 'business',
  columns: {
    businessunitid: {
      type: 'lookup',
      label: 'Business Unit',
      targets: ['businessunit'],
      required: 'required',
    },
    name: { type: 'string', label: 'Team Name', maxLength: 160, required: 'required' },
    description: { type: 'memo', label: 'Description', maxLength: 2000 },
    emailaddress: { type: 'string', label: 'Email', maxLength: 100, format: 'email' },
    isdefault: { type: 'boolean', label: 'Is Default' },
    teamtype: {
      type: 'choice',
      label: 'Team Type',
      options: [
        { value: 0, label: 'Owner' },
        { value: 1, label: 'Access' },
      ],
    },
    systemmanaged: { type: 'boolean', label: 'Is System Managed' },
  },
});
