import { defineTable, type Table } from '@outpost/model';

/** User, with the logical names, types and options of the Common Data Model. */
export const systemuser: Table = defineTable({
  name: 'systemuser',
  label: 'User',
  pluralLabel: 'Users',
  setName: 'systemusers',
  primaryName: 'fullname',
  ownership: 'business',
  columns: {
    businessunitid: {
      type: 'lookup',
      label: 'Business Unit',
      targets: ['businessunit'],
      required: 'required',
    },
    parentsystemuserid: { type: 'lookup', label: 'Manager', targets: ['systemuser'] },
    firstname: { type: 'string', label: 'First Name', maxLength: 64 },
    salutation: { type: 'string', label: 'Salutation', maxLength: 20 },
    middlename: { type: 'string', label: 'Middle Name', maxLength: 50 },
    lastname: { type: 'string', label: 'Last Name', maxLength: 64, required: 'required' },
    personalemailaddress: { type: 'string', label: 'Email 2', maxLength: 100, format: 'email' },
    fullname: {
      type: 'string',
      label: 'Full Name',
      maxLength: 200,
      readOnly: true,
      composedOf: ['firstname', 'lastname'],
    },
    nickname: { type: 'string', label: 'Nickname', maxLength: 50 },
    title: { type: 'string', label: 'Title', maxLength: 128 },
    internalemailaddress: {
      type: 'string',
      label: 'Primary Email',
      maxLength: 100,
      format: 'email',
    },
    jobtitle: { type: 'string', label: 'Job Title', maxLength: 100 },
    mobilealertemail: {
      type: 'string',
      label: 'Mobile Alert Email',
      maxLength: 100,
      format: 'email',
    },
    preferredemailcode: {
      type: 'choice',
      label: 'Preferred Email',
      options: [{ value: 1, label: 'Default Value' }],
    },
    mobilephone: { type: 'string', label: 'Mobile Phone', maxLength: 64, format: 'phone' },
    isdisabled: { type: 'boolean', label: 'Status' },
    address1_city: { type: 'string', label: 'City', maxLength: 128 },
    positionid: { type: 'lookup', label: 'Position', targets: ['position'] },
  },
});
