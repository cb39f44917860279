import { mutateBytes, mutateText, seededRandom } from '@outpost/testkit';
import { lengthOf } from '@outpost/vitest/length';
import { expect, test } from 'vitest';
import { readDataPackage, readSolution, SolutionError } from '../src/index.ts';
import { attributeXml, entityXml, manifest, solutionZip, zip } from './zip.ts';

/** Files of each kind; more on request. */
const rounds = lengthOf('OUTPOST_ROUNDS', { short: 400, long: 4000 });

const entities = `<Entities>${entityXml(
  'new_visit',
  `${attributeXml('new_name', 'nvarchar', '<MaxLength>100</MaxLength>')}${attributeXml('new_rating', 'picklist', '<optionset Name="r"><options><option value="1"><labels><label description="Hot" languagecode="1033"/></labels></option></options></optionset>')}`,
)}</Entities>`;
const data =
  '<entities><entity name="new_visit" displayname="Visit"><records><record id="ab000000-0000-4000-8000-000000000001"><field name="new_name" value="A"/><field name="new_rating" value="1"/></record></records></entity></entities>';
const schema =
  '<entities><entity name="new_visit" displayname="Visit" primaryidfield="new_visitid" primarynamefield="new_name"><fields><field displayname="Name" name="new_name" type="string"/><field displayname="Id" name="new_visitid" type="guid" primaryKey="true"/></fields></entity></entities>';

function outcome(read: () => unknown): 'read' | 'refused' {
  try {
    read();
    return 'read';
  } catch (error) {
    if (!(error instanceof SolutionError) || error.fix === '') throw error;
    return 'refused';
  }
}

test('a solution file of any bytes is read, or refused with cause and fix', () => {
  const random = seededRandom(1);
  const good = solutionZip(entities);
  expect(outcome(() => readSolution(good))).toBe('read');
  const counts = { read: 0, refused: 0 };
  for (let n = 0; n < rounds; n++) {
    const bytes =
      n % 2 === 0 ? mutateBytes(random, good) : solutionZip(mutateText(random, entities));
    counts[outcome(() => readSolution(bytes))] += 1;
  }
  expect(counts.read).toBeGreaterThan(0);
  expect(counts.refused).toBeGreaterThan(0);
});

test('so is a data package', () => {
  const random = seededRandom(2);
  const { model } = readSolution(solutionZip(entities));
  const good = { 'data.xml': data, 'data_schema.xml': schema, '[Content_Types].xml': '<Types/>' };
  expect(outcome(() => readDataPackage(zip(good), model))).toBe('read');
  const counts = { read: 0, refused: 0 };
  for (let n = 0; n < rounds; n++) {
    const file = n % 2 === 0 ? 'data.xml' : 'data_schema.xml';
    const bytes =
      n % 5 === 0
        ? mutateBytes(random, zip(good))
        : zip({ ...good, [file]: mutateText(random, good[file]) });
    counts[outcome(() => readDataPackage(bytes, model))] += 1;
  }
  expect(counts.read).toBeGreaterThan(0);
  expect(counts.refused).toBeGreaterThan(0);
});

test('a manifest of any shape too', () => {
  const random = seededRandom(3);
  const counts = { read: 0, refused: 0 };
  for (let n = 0; n < rounds / 4; n++) {
    const changed = zip({
      'solution.xml': mutateText(random, manifest),
      'customizations.xml': '<ImportExportXml/>',
    });
    counts[outcome(() => readSolution(changed))] += 1;
  }
  expect(Math.min(counts.read, counts.refused), JSON.stringify(counts)).toBeGreaterThan(0);
});
