import { defineApp, defineTable, queryTypes, withSystemTables } from '@outpost/model';

const site = defineTable({
  name: 'new_site',
  label: 'Site',
  primaryName: 'new_name',
  ownership: 'user',
  isCustom: true,
  columns: {
    new_name: { type: 'string', maxLength: 100, required: 'required', label: 'Name' },
    new_city: { type: 'string', maxLength: 80, label: 'City' },
  },
});

/** Types of its rows come from it: `RowOf<typeof inspection>`. */
export const inspection = defineTable({
  name: 'new_inspection',
  label: 'Inspection',
  primaryName: 'new_subject',
  ownership: 'user',
  isCustom: true,
  columns: {
    new_subject: { type: 'string', maxLength: 100, required: 'required', label: 'Subject' },
    new_siteid: { type: 'lookup', targets: ['new_site'], label: 'Site' },
    new_result: {
      type: 'choice',
      label: 'Result',
      options: [
        { value: 1, label: 'Passed' },
        { value: 2, label: 'Failed' },
      ],
    },
    new_remark: { type: 'memo', maxLength: 2000, label: 'Remark' },
  },
});

const tables = [site, inspection];
const everything = { create: 4, read: 4, write: 4, delete: 4, append: 4, appendTo: 4 } as const;

/** An inspector's app: two tables of its own, a view, a form, a rule, a role, an offline profile. */
export const inspectionApp = withSystemTables(
  defineApp({
    uniqueName: 'inspections',
    name: 'Inspections',
    tables,
    relationships: [
      {
        kind: 'manyToOne',
        name: 'new_site_inspections',
        table: 'new_inspection',
        column: 'new_siteid',
        target: 'new_site',
        cascade: { assign: 'noCascade', delete: 'removeLink' },
      },
    ],
    savedQueries: [
      {
        id: 'aaaaaaaa-0000-4000-8000-000000000001',
        name: 'Failed Inspections',
        table: 'new_inspection',
        queryType: queryTypes.public,
        isDefault: true,
        fetchXml: `<fetch><entity name="new_inspection"><attribute name="new_subject"/><attribute name="new_siteid"/>
          <order attribute="new_subject"/><filter><condition attribute="new_result" operator="eq" value="2"/></filter></entity></fetch>`,
        layout: [
          { name: 'new_subject', width: 200 },
          { name: 'new_siteid', width: 150 },
        ],
      },
    ],
    forms: [
      {
        id: 'bbbbbbbb-0000-4000-8000-000000000001',
        name: 'Information',
        table: 'new_inspection',
        type: 'main',
        tabs: [
          {
            label: 'General',
            sections: [
              {
                label: 'Inspection',
                controls: ['new_subject', 'new_siteid', 'new_result', 'new_remark'].map(
                  (column) => ({
                    column,
                    label: '',
                  }),
                ),
              },
            ],
          },
        ],
      },
    ],
    rules: [
      {
        id: 'cccccccc-0000-4000-8000-000000000001',
        name: 'A failed inspection needs a remark',
        table: 'new_inspection',
        scope: 'table',
        state: 'active',
        order: 1,
        branches: [
          {
            when: { column: 'new_result', op: 'equals', operands: [{ literal: 2 }] },
            then: [{ kind: 'require', column: 'new_remark', level: 'required' }],
          },
        ],
      },
    ],
    roles: [
      {
        id: 'dddddddd-0000-4000-8000-000000000001',
        name: 'Inspector',
        privileges: Object.fromEntries(tables.map((table) => [table.name, everything])),
      },
    ],
    siteMap: {
      areas: [
        {
          label: 'Work',
          groups: [
            {
              label: 'Inspections',
              subAreas: tables.map((table) => ({ label: table.pluralLabel, table: table.name })),
            },
          ],
        },
      ],
    },
    profile: {
      id: 'eeeeeeee-0000-4000-8000-000000000001',
      name: 'Inspectors',
      items: [
        { table: 'new_site', criteria: 'all', relationships: [], intervalMinutes: 60 },
        {
          table: 'new_inspection',
          criteria: 'other',
          mine: true,
          relationships: ['new_site_inspections'],
          intervalMinutes: 5,
        },
      ],
    },
  }),
);
