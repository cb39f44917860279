/** What examples take as given of an app: its definitions, rows, a user, and what becomes of what is shown. */
import { memoryStorage } from '@outpost/device/node';
import { type Directory, indexModel, type Table } from '@outpost/model';
import type { RuleCase } from '@outpost/rules';
import { generateRows, namedRows, sampleApp, sampleUsers } from '@outpost/sample';
import type { SearchRequest } from '@outpost/search';
import { seededRandom, testSystem } from '@outpost/testkit';
import { strToU8, zipSync } from 'fflate';
import { of } from 'rxjs';

export const system = testSystem(1);
export const { clock, random } = system;
export const app = sampleApp;
export const model = sampleApp;
export const token = 'token-ana';
export const tokens = new Map([[token, sampleUsers.ana.id]]);
export const rows = [...generateRows({ random: seededRandom(1), now: clock.now(), rows: 100 })];
export const storage = memoryStorage('docs');
export const online = of(true);
export const id = namedRows.alpine;
export const { tables } = sampleApp;
export const names = ['account', 'contact'];
export const text = '<fetch><entity name="account"><attribute name="name"/></entity></fetch>';
export const index = indexModel(sampleApp);
export const isFolded = () => true;
export const restrict = () => null;
export const requests = of<SearchRequest>({ table: 'account', term: 'alp' });
export const showProgress = (_: unknown): void => undefined;
export const draw = (_: unknown): void => undefined;
export const load = (_: unknown): void => undefined;

export const leadTable = index.table('lead') as Table;
export const form = { id: 'main' };
export const columns = ['leadqualitycode', 'budgetamount'];
const [rule] = sampleApp.rules;
export const oneCase: RuleCase = {
  rule: rule?.name ?? '',
  table: rule?.table ?? '',
  event: 'load',
  values: {},
  expect: {},
};
export const leadRow = { leadqualitycode: 3 };
export const instanceRow = {};
export const userId = sampleUsers.ana.id;
export const owner = sampleUsers.ana.id;
export const businessUnit = 'b1000000-0000-4000-8000-000000000002';
export const roles = sampleApp.roles;
export const directory: Directory = {
  users: [
    {
      id: userId,
      businessUnitId: businessUnit,
      managerId: null,
      positionId: null,
      disabled: false,
    },
  ],
  teams: [],
  businessUnits: [{ id: businessUnit, parentId: null }],
  positions: [],
};

/** A small solution and its data. */
export const readFile = async (name: string): Promise<Uint8Array> =>
  zipSync(
    Object.fromEntries(
      Object.entries(name === 'app.zip' ? solutionFiles : dataFiles).map(([path, content]) => [
        path,
        strToU8(content),
      ]),
    ),
  );
const solutionFiles = {
  'solution.xml':
    '<ImportExportXml><SolutionManifest><UniqueName>docs</UniqueName><Version>1.0.0.0</Version></SolutionManifest></ImportExportXml>',
  'customizations.xml': '<ImportExportXml><Entities/></ImportExportXml>',
};
const dataFiles = {
  'data.xml': '<entities/>',
  'data_schema.xml': '<entities/>',
};
