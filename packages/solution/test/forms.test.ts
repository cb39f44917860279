import { formColumns } from '@outpost/model';
import { expect, test } from 'vitest';
import { readSolution } from '../src/index.ts';
import { attributeXml, entityXml, solutionZip } from './zip.ts';

const cell = (column: string, more = '', classId = '4270BD3D-B9D1-4D3B-8AA9-6A2BA5F6E2A8') =>
  `<rows><row><cell><labels><label description="${column} here" languagecode="1033"/></labels><control id="c" classid="{${classId}}" datafieldname="${column}" ${more}/></cell></row></rows>`;
const section = (cells: string) => `<section>${cells}</section>`;
const form = (header: string, tabs: string) =>
  `<FormXml><forms type="main"><systemform><formid>{44444444-0000-4000-8000-000000000001}</formid><form><header>${header}</header><tabs>${tabs}</tabs></form></systemform></forms></FormXml>`;
const read = (xml: string) => {
  const columns =
    attributeXml(
      'new_number',
      'nvarchar',
      '<RequiredLevel>required</RequiredLevel><AutoNumberFormat>VIS-{SEQNUM:6}</AutoNumberFormat>',
    ) +
    attributeXml('new_result', 'nvarchar', '<AutoNumberFormat></AutoNumberFormat>') +
    attributeXml('new_siteid', 'lookup');
  const { model } = readSolution(
    solutionZip(`<Entities>${entityXml('new_visit', columns, xml)}</Entities>`),
  );
  return { form: model.forms[0], table: model.tables[0] };
};

test('N10e: the format of an auto-number column is read', () => {
  const { table } = read('');
  const formats = table?.columns.map(({ name, autoNumberFormat }) => [name, autoNumberFormat]);
  expect(formats).toContainEqual(['new_number', 'VIS-{SEQNUM:6}']);
  expect(formats).toContainEqual(['new_result', undefined]);
});

test('N10f: fields of the header are shown, once; a quick view is no second field', () => {
  const tab = `<tab><columns><column><sections>${section(
    cell('new_number', 'disabled="true"') +
      cell('new_siteid') +
      cell('new_siteid', '', '5C5600E0-1D6E-4205-A272-BE80DA87FD42'),
  )}</sections></column></columns></tab>`;
  const { form: both } = read(form(cell('new_result') + cell('new_number'), tab));
  expect(both?.tabs).toMatchObject([
    {
      sections: [
        { label: 'Header', controls: [{ column: 'new_result', label: 'new_result here' }] },
        { controls: [{ column: 'new_number', readOnly: true }, { column: 'new_siteid' }] },
      ],
    },
  ]);
  expect(both?.tabs[0]?.sections[1]?.controls).toHaveLength(2);
  const { form: headerOnly } = read(form(cell('new_result'), ''));
  expect(headerOnly === undefined ? [] : formColumns(headerOnly)).toEqual(['new_result']);
});
