import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type AppModel, indexModel } from '@outpost/model';
import { strFromU8, unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { type DataPackage, readDataPackage, readSolution, type Solution } from '../src/index.ts';

const corpus =
  process.env['OUTPOST_CORPUS'] ??
  fileURLToPath(new URL('../../../../shared/corpus', import.meta.url));

/** What the publishers list, and what their data packages hold. */
const published = {
  'higher-education': {
    tables: 24,
    savedQueries: 151,
    forms: 71,
    optionSets: 73,
    relationships: 154,
    appModules: 1,
    dataTables: 22,
    rows: 7310,
  },
  'education-common': {
    tables: 77,
    savedQueries: 539,
    forms: 231,
    optionSets: 244,
    relationships: 561,
    businessRules: 20,
    processFlows: 3,
    dataTables: 48,
    rows: 1296,
  },
} as const;

interface Read {
  readonly xml: string;
  readonly data: string;
  readonly solution: Solution;
  readonly content: DataPackage;
}

function read(name: string): Read {
  const [solutionFile, dataFile] = [`${corpus}/${name}.solution.zip`, `${corpus}/${name}.data.zip`];
  const solutionBytes = readFileSync(solutionFile);
  const dataBytes = readFileSync(dataFile);
  const solution = readSolution(solutionBytes);
  return {
    xml: strFromU8(unzipSync(solutionBytes)['customizations.xml'] ?? new Uint8Array()),
    data: strFromU8(unzipSync(dataBytes)['data.xml'] ?? new Uint8Array()),
    solution,
    content: readDataPackage(dataBytes, solution.model),
  };
}

/** All first groups of a pattern, without any XML parser: an independent view of the file. */
const found = (xml: string, pattern: RegExp): readonly string[] =>
  [...xml.matchAll(pattern)].map((match) => (match[1] ?? '').toLowerCase());
const sorted = (values: Iterable<string>): readonly string[] => [...values].sort();
const guid = '\\{?([0-9a-fA-F-]{36})\\}?';

describe.skipIf(!existsSync(corpus)).each(Object.entries(published))('%s', (name, expected) => {
  const { xml, data, solution, content } = existsSync(corpus) ? read(name) : ({} as Read);
  const model: AppModel = solution?.model;

  test('has the counts its publisher lists', () => {
    const { dataTables, rows, ...counts } = expected;
    expect(solution.counts).toMatchObject(counts);
    expect(content.rows).toHaveLength(rows);
    expect(Object.keys(content.rowsByTable)).toHaveLength(dataTables);
  });

  test('loads without an error, and every other finding is of a known kind', () => {
    const diagnostics = [...solution.diagnostics, ...content.diagnostics];
    expect(diagnostics.filter((one) => one.severity === 'error')).toEqual([]);
    const kinds = new Set(diagnostics.map((one) => one.code));
    const unsupported = [
      'solution.inactiveWorkflow',
      'solution.flowActionIgnored',
      'solution.partNotRead',
      'solution.subAreaLeftOut',
    ];
    expect(sorted([...kinds].filter((one) => !unsupported.includes(one)))).toEqual([]);
  });

  test('every saved query is there', () => {
    const ids = found(xml, new RegExp(`<savedqueryid>${guid}</savedqueryid>`, 'g'));
    expect(sorted(model.savedQueries.map((one) => one.id))).toEqual(sorted(ids));
    expect(ids).toHaveLength(expected.savedQueries);
    expect(model.savedQueries.filter((view) => !view.fetchXml.includes('<entity '))).toEqual([]);
    const cells = found(xml, /<(cell) [^>]*name="[^"]*"[^>]*width=/g);
    const layouts = model.savedQueries.reduce((sum, view) => sum + view.layout.length, 0);
    expect(layouts).toBe(cells.length);
  });

  test('every form is there, with every field of its body, and those of its header that no tab shows', () => {
    const ids = found(xml, new RegExp(`<formid>${guid}</formid>`, 'g'));
    expect(sorted(model.forms.map((one) => one.id))).toEqual(sorted(ids));
    // A control of this class is a quick view: it shows the row that a lookup points at, and is no field.
    const field =
      /<control (?![^>]*classid="\{5c5600e0-1d6e-4205-a272-be80da87fd42\}")[^>]*datafieldname="([^"]+)"/gi;
    const fields = found(xml, /(<systemform[ >][\s\S]*?<\/systemform>)/g).flatMap((form) => {
      const body = found(form.replaceAll(/<(header|footer)[ >][\s\S]*?<\/\1>/g, ''), field);
      const header = found(found(form, /(<header[ >][\s\S]*?<\/header>)/g).join(''), field);
      return [...body, ...header.filter((column) => !body.includes(column))];
    });
    const controls = model.forms.flatMap((form) =>
      form.tabs.flatMap((tab) =>
        tab.sections.flatMap((section) => section.controls.map((one) => one.column)),
      ),
    );
    expect(sorted(controls)).toEqual(sorted(fields));
  });

  test('every relationship is there', () => {
    const names = found(xml, /<EntityRelationship Name="([^"]+)"/g);
    expect(sorted(model.relationships.map((one) => one.name.toLowerCase()))).toEqual(sorted(names));
    expect(names).toHaveLength(expected.relationships);
    const kinds = found(xml, /<EntityRelationshipType>(\w+)</g);
    const pairs = model.relationships.filter((one) => one.kind === 'manyToMany');
    expect(pairs).toHaveLength(kinds.filter((one) => one === 'manytomany').length);
    const cascades = found(xml, /<CascadeDelete>(\w+)</g);
    for (const kind of new Set(cascades)) {
      const own = model.relationships.filter(
        (one) => one.kind === 'manyToOne' && one.cascade.delete.toLowerCase() === kind,
      );
      expect([kind, own.length]).toEqual([kind, cascades.filter((one) => one === kind).length]);
    }
  });

  test('every choice is there, with every option', () => {
    const names = found(xml, /<optionset Name="([^"]+)"/g);
    expect(solution.choices.map((one) => one.name.toLowerCase())).toEqual(names);
    expect(names).toHaveLength(expected.optionSets);
    const options = found(xml, /<(option|state|status) [^>]*?value="\d+"/g);
    const read = solution.choices.reduce((sum, one) => sum + one.options.length, 0);
    expect(read).toBe(options.length);
  });

  test('every table and column is there', () => {
    const names = found(xml, /<attribute PhysicalName="([^"]+)"/g);
    expect(solution.counts.columns).toBe(names.length);
    const columns = new Set(
      model.tables.flatMap((table) => table.columns.map((column) => column.name)),
    );
    const keys = model.tables.flatMap((table) => table.alternateKeys ?? []);
    const withoutKeys = xml.replaceAll(/<EntityKeys>[\s\S]*?<\/EntityKeys>/g, '');
    const missing = found(withoutKeys, /<LogicalName>([^<]+)</g).filter((one) => !columns.has(one));
    expect(sorted(new Set(missing))).toEqual([]);
    expect(keys).toHaveLength(found(xml, /<(EntityKey)>/g).length);
    expect(keys.flatMap((key) => key.columns).filter((one) => !columns.has(one))).toEqual([]);
  });

  test('every row and every value of the data package is there', () => {
    const ids = found(data, new RegExp(`<record id="${guid}"`, 'g'));
    expect(sorted(content.rows.map((one) => one.id))).toEqual(sorted(ids));
    const index = indexModel(content.model);
    const columns = content.rows.flatMap(({ table, values }) =>
      Object.keys(values).map((column) => [table, column] as const),
    );
    expect(columns.filter(([table, column]) => index.column(table, column) === undefined)).toEqual(
      [],
    );
    // The id of each row is written as a field too, and parties as rows inside of theirs.
    const own = data.replaceAll(
      /<activitypointerrecords[ >][\s\S]*?<\/activitypointerrecords>/g,
      '',
    );
    const filled = found(own, /<field name="([^"]+)" value="[^"]/g);
    const targets = found(data, new RegExp(`<targetid>${guid}</targetid>`, 'g'));
    expect(content.associations).toHaveLength(targets.length);
    const known = new Set(content.rows.map((row) => `${row.table} ${row.id}`));
    const ends = content.associations.flatMap((one) =>
      Object.values(one.values).map((value) => {
        const { table, id } = value as { table: string; id: string };
        return `${table} ${id}`;
      }),
    );
    expect(ends.filter((end) => !known.has(end))).toEqual([]);
    const parties = found(data, new RegExp(`name="partyid" value="${guid}"`, 'g'));
    const lists = content.rows.flatMap(({ table, values }) =>
      Object.entries(values).flatMap(([column, value]) =>
        index.column(table, column)?.type === 'partyList' ? [value] : [],
      ),
    );
    expect(lists.flat()).toHaveLength(parties.length);
    expect(columns).toHaveLength(filled.length - content.rows.length + lists.length);
  });
});
