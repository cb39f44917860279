import { defineTable, type Table } from '@outpost/model';

/** Competitor, with the logical names, types and options of the Common Data Model. */
export const competitor: Table = defineTable({
  name: 'competitor',
  label: 'Competitor',
  pluralLabel: 'Competitors',
  setName: 'competitors',
  primaryName: 'name',
  ownership: 'organization',
  columns: {
    name: { type: 'string', label: 'Name', maxLength: 100, required: 'required' },
    address1_addresstypecode: {
      type: 'choice',
      label: 'Address 1: Address Type',
      options: [{ value: 1, label: 'Default Value' }],
    },
    address1_city: { type: 'string', label: 'City', maxLength: 80 },
    address1_country: { type: 'string', label: 'Country/Region', maxLength: 80 },
    address1_county: { type: 'string', label: 'Address 1: County', maxLength: 50 },
    address1_fax: { type: 'string', label: 'Address 1: Fax', maxLength: 50 },
    address1_latitude: { type: 'double', label: 'Address 1: Latitude' },
    address1_line1: { type: 'string', label: 'Street 1', maxLength: 250 },
    address1_line2: { type: 'string', label: 'Street 2', maxLength: 250 },
    address1_line3: { type: 'string', label: 'Street 3', maxLength: 250 },
    address1_longitude: { type: 'double', label: 'Address 1: Longitude' },
    address1_name: { type: 'string', label: 'Address 1: Name', maxLength: 100 },
    websiteurl: { type: 'string', label: 'Website', maxLength: 200, format: 'url' },
  },
});
