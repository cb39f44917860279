import { defineTable, type Table } from '@outpost/model';

/** Competitor Address, with the logical names, types and options of the Common Data Model. */
export const competitoraddress: Table = defineTable({
  name: 'competitoraddress',
  label: 'Competitor Address',
  pluralLabel: 'Competitor Addresses',
  setName: 'competitoraddresses',
  primaryName: 'name',
  ownership: 'none',
  columns: {
    name: { type: 'string', label: 'Address Name', maxLength: 200 },
    addressnumber: { type: 'integer', label: 'Address Number' },
    city: { type: 'string', label: 'City', maxLength: 80 },
    country: { type: 'string', label: 'Country/Region', maxLength: 80 },
    county: { type: 'string', label: 'County', maxLength: 50 },
    fax: { type: 'string', label: 'Fax', maxLength: 50 },
    latitude: { type: 'double', label: 'Latitude' },
    line1: { type: 'string', label: 'Street 1', maxLength: 250 },
    line2: { type: 'string', label: 'Street 2', maxLength: 250 },
    line3: { type: 'string', label: 'Street 3', maxLength: 250 },
    longitude: { type: 'double', label: 'Longitude' },
    parentid: { type: 'lookup', label: 'Parent', targets: ['competitor'], required: 'required' },
    postalcode: { type: 'string', label: 'ZIP/Postal Code', maxLength: 20 },
    postofficebox: { type: 'string', label: 'Post Office Box', maxLength: 20 },
    stateorprovince: { type: 'string', label: 'State/Province', maxLength: 50 },
    telephone1: { type: 'string', label: 'Main Phone', maxLength: 50, format: 'phone' },
    telephone2: { type: 'string', label: 'Phone 2', maxLength: 50, format: 'phone' },
    telephone3: { type: 'string', label: 'Phone 3', maxLength: 50, format: 'phone' },
    upszone: { type: 'string', label: 'UPS Zone', maxLength: 4 },
    utcoffset: { type: 'integer', label: 'UTC Offset' },
  },
});
