import { defineTable, type Table } from '@outpost/model';

/** Business Unit, with the logical names, types and options of the Common Data Model. */
export const businessunit: Table = defineTable({
  name: 'businessunit',
  label: 'Business Unit',
  pluralLabel: 'Business Units',
  setName: 'businessunits',
  primaryName: 'name',
  ownership: 'business',
  columns: {
    name: { type: 'string', label: 'Name', maxLength: 160, required: 'required' },
    description: { type: 'memo', label: 'Description', maxLength: 2000 },
    divisionname: { type: 'string', label: 'Division', maxLength: 100 },
    fileasname: { type: 'string', label: 'File as Name', maxLength: 100 },
    tickersymbol: { type: 'string', label: 'Ticker Symbol', maxLength: 10 },
    websiteurl: { type: 'string', label: 'Website', maxLength: 200, format: 'url' },
    parentbusinessunitid: { type: 'lookup', label: 'Parent Business', targets: ['businessunit'] },
    isdisabled: { type: 'boolean', label: 'Is Disabled' },
    address1_city: { type: 'string', label: 'Bill To City', maxLength: 80 },
  },
});
