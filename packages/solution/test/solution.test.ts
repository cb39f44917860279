import { indexModel } from '@outpost/model';
import { strToU8 } from 'fflate';
import { describe, expect, test } from 'vitest';
import { readDataPackage, readSolution, SolutionError } from '../src/index.ts';
import { attributeXml as attribute, manifest, zip } from './zip.ts';

const customizations = `<ImportExportXml><Entities><Entity><Name LocalizedName="Visit">new_visit</Name><EntityInfo><entity Name="new_visit"><attributes>${attribute('new_visitid', 'primarykey')}${attribute('new_name', 'nvarchar', '<DisplayMask>PrimaryName</DisplayMask><MaxLength>5</MaxLength>')}${attribute('new_kind', 'picklist', '<optionset Name="k"><options><option value="1"><labels><label description="Site" languagecode="1033"/></labels></option></options></optionset>')}${attribute('new_magic', 'hologram')}</attributes><EntitySetName>new_visits</EntitySetName><OwnershipTypeMask>UserOwned</OwnershipTypeMask></entity></EntityInfo><SavedQueries><savedqueries><savedquery><savedqueryid>{A90D28C6-94CC-E811-A96B-000D3A1C5716}</savedqueryid><isdefault>1</isdefault><querytype>0</querytype><layoutxml><grid><row><cell name="new_name" width="120"/></row></grid></layoutxml><fetchxml><fetch><entity name="new_visit"><attribute name="new_name"/><filter><condition attribute="new_name" operator="eq" value="a &amp; b"/></filter></entity></fetch></fetchxml><LocalizedNames><LocalizedName description="Visits" languagecode="1033"/></LocalizedNames></savedquery></savedqueries></SavedQueries></Entity></Entities><Languages><Language>1033</Language></Languages></ImportExportXml>`;
const schema =
  '<entities><entity name="new_visit" primaryidfield="new_visitid" primarynamefield="new_name"><fields><field name="new_when" type="datetime" displayname="When"/><field name="new_visitid" type="guid"/></fields></entity></entities>';
const record = (id: string, fields: string) => `<record id="${id}">${fields}</record>`;
const data = `<entities><entity name="new_visit"><records>${record('00000000-0000-4000-8000-00000000000A', '<field name="new_name" value="Ok"/><field name="new_kind" value="1"/><field name="new_when" value="10/2/2018 5:48:12 PM"/>')}${record('00000000-0000-4000-8000-00000000000b', '<field name="new_name" value="much too long"/><field name="new_kind" value="7"/><field name="new_other" value="x"/>')}${record('nonsense', '')}</records></entity></entities>`;

describe('a small solution', () => {
  const solution = readSolution(
    zip({ 'solution.xml': manifest, 'customizations.xml': customizations }),
  );

  test('gives tables, columns and views; what is not understood is reported with its place', () => {
    const index = indexModel(solution.model);
    expect(index.table('new_visit')).toMatchObject({
      label: 'Visit',
      primaryId: 'new_visitid',
      primaryName: 'new_name',
      ownership: 'user',
    });
    expect(index.column('new_visit', 'new_kind')).toMatchObject({
      type: 'choice',
      options: [{ value: 1, label: 'Site' }],
    });
    expect(solution.model.savedQueries).toMatchObject([
      {
        id: 'a90d28c6-94cc-e811-a96b-000d3a1c5716',
        name: 'Visits',
        isDefault: true,
        layout: [{ name: 'new_name', width: 120 }],
      },
    ]);
    expect(solution.model.savedQueries[0]?.fetchXml).toContain('value="a &amp; b"');
    expect(solution.diagnostics).toMatchObject([
      {
        code: 'solution.unknownColumnType',
        location: 'customizations.xml/Entities/new_visit/attributes/new_magic',
      },
    ]);
    expect(solution.counts).toMatchObject({ tables: 1, columns: 4, savedQueries: 1 });
  });

  test('its data is typed; what does not fit is left out and reported, the rest stays', () => {
    const rows = readDataPackage(
      zip({ 'data.xml': data, 'data_schema.xml': schema }),
      solution.model,
    );
    expect(rows.rows).toEqual([
      {
        table: 'new_visit',
        id: '00000000-0000-4000-8000-00000000000a',
        values: { new_name: 'Ok', new_kind: 1, new_when: '2018-10-02T17:48:12Z' },
      },
      { table: 'new_visit', id: '00000000-0000-4000-8000-00000000000b', values: {} },
    ]);
    expect(rows.diagnostics.map((one) => [one.code, one.location])).toEqual([
      ['data.invalidValue', 'data.xml/new_visit/00000000-0000-4000-8000-00000000000b/new_name'],
      ['data.invalidValue', 'data.xml/new_visit/00000000-0000-4000-8000-00000000000b/new_kind'],
      ['data.unknownColumn', 'data.xml/new_visit/00000000-0000-4000-8000-00000000000b/new_other'],
      ['data.rowLeftOut', 'data.xml/new_visit/nonsense'],
    ]);
  });
});

describe('an unusable file is one clear error', () => {
  test.each([
    ['not a zip', strToU8('hello'), 'zip.unreadable'],
    ['an empty file', new Uint8Array(), 'zip.unreadable'],
    [
      'a cut zip',
      zip({ 'solution.xml': manifest, 'customizations.xml': customizations }).slice(0, 200),
      'zip.unreadable',
    ],
    ['another zip', zip({ 'readme.txt': 'x' }), 'file.missing'],
    [
      'broken XML',
      zip({ 'solution.xml': manifest, 'customizations.xml': '<ImportExportXml><Entities>' }),
      'xml.invalid',
    ],
    [
      'a document type',
      zip({ 'solution.xml': '<!DOCTYPE x><a/>', 'customizations.xml': '<a/>' }),
      'xml.invalid',
    ],
    [
      'endless nesting',
      zip({ 'solution.xml': manifest, 'customizations.xml': '<a>'.repeat(5000) }),
      'xml.invalid',
    ],
  ])('%s', (_, bytes, code) => {
    expect(() => readSolution(bytes)).toThrow(expect.objectContaining({ code }));
  });

  test('malformed data.xml', () => {
    const { model } = readSolution(zip({ 'solution.xml': manifest, 'customizations.xml': '<a/>' }));
    const bytes = zip({ 'data.xml': '<entities><entity', 'data_schema.xml': schema });
    expect(() => readDataPackage(bytes, model)).toThrow(SolutionError);
  });
});
