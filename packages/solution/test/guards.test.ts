import { deflateSync, strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { readDataPackage, readSolution } from '../src/index.ts';
import { readZip } from '../src/xml/unzip.ts';
import { attributeXml, entityXml, manifest, solutionZip, zip } from './zip.ts';

const customizations = '<ImportExportXml/>';
const good = { 'solution.xml': manifest, 'customizations.xml': customizations };
const limits = { file: 1000, total: 1500 };

/** Sets the uncompressed size a zip claims for every entry, in local and central headers. */
function claim(bytes: Uint8Array, size: number): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (let at = 0; at + 4 <= copy.length; at += 1) {
    const signature = view.getUint32(at, true);
    if (signature === 0x04034b50) view.setUint32(at + 22, size, true);
    if (signature === 0x02014b50) view.setUint32(at + 24, size, true);
  }
  return copy;
}

describe('zip bombs', () => {
  test('a file larger than the limit is refused before it is unpacked', () => {
    const bytes = zip({ 'data.xml': 'x'.repeat(1001) });
    expect(() => readZip(bytes, ['data.xml'], limits)).toThrow(
      expect.objectContaining({ code: 'zip.tooLarge' }),
    );
    expect(readZip(zip({ 'data.xml': 'x'.repeat(1000) }), ['data.xml'], limits).size).toBe(1);
  });

  test('so are files that are too large together', () => {
    const bytes = zip({ a: 'x'.repeat(800), b: 'x'.repeat(800) });
    expect(() => readZip(bytes, ['a', 'b'], limits)).toThrow(
      expect.objectContaining({ code: 'zip.tooLarge' }),
    );
    expect(readZip(bytes, ['a'], limits).get('a')).toHaveLength(800);
  });

  test('a claim of four gigabytes is refused by the limits that apply', () => {
    expect(() => readSolution(claim(zip(good), 0xfffffff0))).toThrow(
      expect.objectContaining({ code: 'zip.tooLarge' }),
    );
  });

  test('a file that holds more than it claims is cut: its XML is then invalid', () => {
    const big = zip({ ...good, 'customizations.xml': `<a>${'<b/>'.repeat(100_000)}</a>` });
    expect(() => readSolution(claim(big, 300))).toThrow(
      expect.objectContaining({ code: 'xml.invalid' }),
    );
  });

  test('entries that are not wanted are not unpacked, whatever they claim', () => {
    const other = deflateSync(new Uint8Array(1000));
    const bytes = zipSync({
      ...Object.fromEntries(Object.entries(good).map(([name, text]) => [name, strToU8(text)])),
      'WebResources/bomb.js': [other, { level: 0 }],
    });
    expect(readSolution(bytes).uniqueName).toBe('demo');
  });
});

describe('names', () => {
  test.each([
    '../solution.xml',
    '/solution.xml',
    'C:\\solution.xml',
    './solution.xml',
    'x/../solution.xml',
  ])('%s is not solution.xml', (name) => {
    const bytes = zip({ [name]: manifest, 'customizations.xml': customizations });
    expect(() => readSolution(bytes)).toThrow(expect.objectContaining({ code: 'file.missing' }));
  });

  test('entries called like members of Object change nothing', () => {
    const bytes = zip({ ...good, constructor: 'y', toString: 'z' });
    expect(readSolution(bytes).uniqueName).toBe('demo');
  });
});

describe('XML', () => {
  const broken: readonly (readonly [string, string])[] = [
    ['no element', 'just text'],
    ['two roots', '<a/><b/>'],
    ['a cut document', '<ImportExportXml><Entities>'],
    ['a bare ampersand', '<a>R&D</a>'],
    ['an unknown entity', '<a>&nbsp;</a>'],
    ['an entity of its own', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ['an external entity', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'],
    ['the same attribute twice', '<a b="1" b="2"/>'],
    ['nesting beyond the limit', `${'<a>'.repeat(101)}${'</a>'.repeat(101)}`],
    ['control characters', '<a>\u0000</a>'],
  ];
  test.each(broken)('%s is one error that names the file', (_, xml) => {
    expect(() => readSolution(zip({ ...good, 'customizations.xml': xml }))).toThrow(
      expect.objectContaining({
        code: 'xml.invalid',
        message: expect.stringContaining('customizations.xml'),
      }),
    );
  });

  test('UTF-16 and a byte order mark are read', () => {
    const wide = new Uint8Array(2 + customizations.length * 2);
    wide.set([0xff, 0xfe]);
    for (let i = 0; i < customizations.length; i += 1)
      wide[2 + i * 2] = customizations.charCodeAt(i);
    const bytes = zipSync({
      'solution.xml': strToU8(`\ufeff${manifest}`),
      'customizations.xml': wide,
    });
    expect(readSolution(bytes).uniqueName).toBe('demo');
  });

  test('tables and columns that are named like members of Object, or not like names at all, are left out', () => {
    const columns = ['constructor', '__proto__', 'new_x"; DROP', 'NEW x'].map((name) =>
      attributeXml(name.replaceAll('"', '&quot;'), 'nvarchar'),
    );
    const bytes = solutionZip(
      `<constructor/><Entities>${entityXml('__proto__', '')}${entityXml('constructor', '')}${entityXml('new_a', columns.join(''))}</Entities>`,
    );
    const { model, diagnostics, counts } = readSolution(bytes);
    expect(counts.tables).toBe(1);
    expect(diagnostics.map((one) => one.code)).toEqual(Array(6).fill('solution.invalidName'));
    const data = zip({
      'data_schema.xml':
        '<entities><entity name="valueOf"/><entity name="toString"><fields/></entity><entity name="new_a"><fields><field name="hasOwnProperty" type="string"/><field name="constructor" type="string"/></fields></entity></entities>',
      'data.xml':
        '<entities><entity name="constructor"><records><record id="00000000-0000-4000-8000-000000000001"/></records></entity><entity name="new_a"><records><record id="00000000-0000-4000-8000-000000000002"><field name="toString" value="x"/></record></records></entity></entities>',
    });
    const content = readDataPackage(data, model);
    expect(content.rows).toEqual([
      { table: 'new_a', id: '00000000-0000-4000-8000-000000000002', values: {} },
    ]);
    expect(content.diagnostics.map((one) => one.code)).toEqual(
      expect.arrayContaining(['data.invalidName', 'data.rowLeftOut', 'data.unknownColumn']),
    );
  });

  test('a hundred thousand tables of nothing end in time, with every finding', () => {
    const bytes = solutionZip(`<Workflows>${'<Workflow Name="x"/>'.repeat(100_000)}</Workflows>`);
    expect(readSolution(bytes).diagnostics).toHaveLength(100_000);
  });
});
