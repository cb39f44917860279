import { indexModel } from '@outpost/model';
import { expect, test } from 'vitest';
import { readDataPackage, readSolution, SolutionError } from '../src/index.ts';
import { attributeXml, entityXml, solutionZip, zip } from './zip.ts';

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const text = (value: string, tag: string) => `<${tag}>${value}</${tag}>`;
const options = (name: string, element: string, ...values: string[]) =>
  `<optionset Name="${name}"><${element}s>${values.map((one) => `<${element} ${one}><labels><label description="${one.replaceAll('"', "'")}" languagecode="1033"/></labels></${element}>`).join('')}</${element}s></optionset>`;

test('columns keep what their type adds: behavior, format, precision source, default, secured', () => {
  const attributes = [
    attributeXml('a', 'nvarchar', '<Format>email</Format><IsSecured>1</IsSecured>'),
    attributeXml('b', 'datetime', '<Format>date</Format><Behavior>1</Behavior>'),
    attributeXml('c', 'datetime', '<Format>date</Format><Behavior>2</Behavior>'),
    attributeXml('d', 'datetime', '<Format>datetime</Format><Behavior>3</Behavior>'),
    attributeXml('e', 'money', '<Accuracy>2</Accuracy><PrecisionSource>2</PrecisionSource>'),
    attributeXml('f', 'bit', '<AppDefaultValue>0</AppDefaultValue>'),
    attributeXml(
      'g',
      'picklist',
      `<AppDefaultValue>7</AppDefaultValue>${options('g', 'option', 'value="7"', 'value="8"')}`,
    ),
    attributeXml(
      'h',
      'picklist',
      `<AppDefaultValue>-1</AppDefaultValue>${options('h', 'option', 'value="7"')}`,
    ),
    attributeXml('i', 'nvarchar', '<SourceType>1</SourceType>'),
    attributeXml(
      'statecode',
      'state',
      options('s', 'state', 'value="0" defaultstatus="1"', 'value="1" defaultstatus="2"'),
    ),
    attributeXml(
      'statuscode',
      'status',
      options('t', 'status', 'value="1" state="0"', 'value="2" state="1"'),
    ),
  ].join('');
  const solution = readSolution(solutionZip(text(entityXml('new_a', attributes), 'Entities')));
  const index = indexModel(solution.model);
  const column = (name: string) => index.column('new_a', name);
  expect(column('a')).toMatchObject({ type: 'string', format: 'email', secured: true });
  expect(column('b')).toMatchObject({ type: 'dateTime', format: 'date' });
  expect(column('b')?.behavior).toBe(undefined);
  expect(column('c')).toMatchObject({ type: 'dateOnly' });
  expect(column('d')).toMatchObject({ type: 'dateTime', behavior: 'timeZoneIndependent' });
  expect(column('e')).toMatchObject({ precision: 2, precisionSource: 'currency' });
  expect(column('f')).toMatchObject({ default: false });
  expect(column('g')).toMatchObject({ default: 7 });
  expect(column('h')?.default).toBe(undefined);
  expect(column('i')).toMatchObject({ readOnly: true });
  expect(column('statecode')).toMatchObject({ default: 0 });
  expect(column('statuscode')).toMatchObject({ default: 1 });
  expect(solution.choices.map((one) => one.name)).toEqual(['g', 'h', 's', 't']);
  expect(solution.diagnostics).toEqual([]);
});

test('roles keep their depths and how teams pass them on; what concerns no table is one finding', () => {
  const role = (name: string, flag: string, privileges: string) =>
    `<Role id="{${id(1).toUpperCase()}}" name="${name}" isinherited="${flag}"><RolePrivileges>${privileges}</RolePrivileges></Role>`;
  const privilege = (name: string, level: string) =>
    `<RolePrivilege name="${name}" level="${level}"/>`;
  const solution = readSolution(
    solutionZip(
      text(entityXml('new_a', ''), 'Entities') +
        text(
          role(
            'Worker',
            '1',
            privilege('prvReadnew_a', 'Global') +
              privilege('prvAppendTonew_a', 'Deep') +
              privilege('prvAppendnew_a', 'Local') +
              privilege('prvWriteNew_A', 'Basic') +
              privilege('prvReadBulkOperation', 'Global') +
              privilege('prvGoOffline', 'Global'),
          ) + role('Team', '0', ''),
          'Roles',
        ),
    ),
  );
  expect(solution.model.roles).toEqual([
    {
      id: id(1),
      name: 'Worker',
      privileges: { new_a: { read: 4, appendTo: 3, append: 2, write: 1 } },
    },
    { id: id(1), name: 'Team', privileges: {}, inheritance: 'teamOnly' },
  ]);
  expect(solution.diagnostics).toMatchObject([
    {
      severity: 'info',
      code: 'solution.otherPrivileges',
      message: expect.stringContaining('2 privileges'),
      location: 'customizations.xml/Roles/Worker',
    },
  ]);
});

test('field security profiles and connection roles, in elements or attributes', () => {
  const solution = readSolution(
    solutionZip(
      `<FieldSecurityProfiles><FieldSecurityProfile fieldsecurityprofileid="{${id(2)}}" name="Finance"><FieldPermissions><FieldPermission entityname="Account" attributelogicalname="revenue" cancreate="0" canread="4" canupdate="4"/></FieldPermissions></FieldSecurityProfile></FieldSecurityProfiles>` +
        `<ConnectionRoles><ConnectionRole><connectionroleid>{${id(3)}}</connectionroleid><name>Stakeholder</name><category>1000</category></ConnectionRole><ConnectionRole connectionroleid="{${id(4)}}" name="Friend"/></ConnectionRoles>`,
    ),
  );
  expect(solution.model.fieldSecurityProfiles).toEqual([
    {
      id: id(2),
      name: 'Finance',
      permissions: [{ table: 'account', column: 'revenue', rights: ['read', 'update'] }],
    },
  ]);
  expect(solution.connectionRoles).toEqual([
    { id: id(3), name: 'Stakeholder', category: 1000 },
    { id: id(4), name: 'Friend', category: null },
  ]);
});

const subArea = (attributes: string) => `<SubArea Id="S" ${attributes}/>`;
const map = (inner: string) =>
  `<SiteMap><Area Id="A" Title="Main"><Group Id="G">${inner}</Group></Area></SiteMap>`;
const appMap = (name: string, inner: string) =>
  `<AppModuleSiteMap><SiteMapUniqueName>${name}</SiteMapUniqueName>${map(inner)}</AppModuleSiteMap>`;
const app = (name: string) =>
  `<AppModule><UniqueName>${name}</UniqueName><AppModuleComponents><AppModuleComponent type="62" schemaName="${name}_map"/><AppModuleComponent type="1" schemaName="New_A"/><AppModuleComponent type="26" id="{${id(5)}}"/><AppModuleComponent type="60" id="{${id(6)}}"/></AppModuleComponents><AppModuleRoleMaps><Role id="{${id(7)}}"/></AppModuleRoleMaps><LocalizedNames><LocalizedName description="${name} name" languagecode="1033"/></LocalizedNames></AppModule>`;
const entities = text(entityXml('new_a', '') + entityXml('new_b', ''), 'Entities');

test('an app module is chosen by name, with its own navigation', () => {
  const bytes = solutionZip(
    entities +
      text(
        appMap('one_map', subArea('Entity="new_a"')) + appMap('two_map', subArea('Entity="new_b"')),
        'AppModuleSiteMaps',
      ) +
      text(app('one') + app('two'), 'AppModules'),
  );
  const subAreas = (appModule?: string) => {
    const { model } = readSolution(bytes, appModule === undefined ? {} : { appModule });
    return [model.name, model.siteMap.areas[0]?.groups[0]?.subAreas];
  };
  expect(subAreas()).toEqual(['one name', [{ label: 'new_a plural', table: 'new_a' }]]);
  expect(subAreas('two')).toEqual(['two name', [{ label: 'new_b plural', table: 'new_b' }]]);
  expect(() => subAreas('three')).toThrow(
    expect.objectContaining({ code: 'app.unknown', fix: expect.stringContaining('one, two') }),
  );
  expect(readSolution(bytes).appModules[0]).toEqual({
    uniqueName: 'one',
    name: 'one name',
    tables: ['new_a'],
    views: [id(5)],
    forms: [id(6)],
    flows: [],
    siteMap: 'one_map',
    roles: [id(7)],
  });
});

test('without an app the site map of the organization is used; sub-areas may name a view by address', () => {
  const view = `%7b${id(5).toUpperCase()}%7d`;
  const solution = readSolution(
    solutionZip(
      entities +
        text(
          map(
            subArea(`Title="Campuses" Url="/_root/homepage.aspx?etn=new_a&amp;viewid=${view}"`) +
              subArea('Entity="lead" Title="Leads"') +
              subArea('Url="/workplace/home.aspx" Title="Home"'),
          ),
          'SiteMap',
        ),
    ),
  );
  expect(solution.model.siteMap).toEqual({
    areas: [
      {
        label: 'Main',
        groups: [{ label: 'G', subAreas: [{ label: 'Campuses', table: 'new_a', view: id(5) }] }],
      },
    ],
  });
  expect(solution.diagnostics.map((one) => one.message)).toEqual([
    'Sub-area "Leads" names table "lead", which the solution does not hold.',
    'Sub-area "Home" is not a table.',
  ]);
});

test('parts that are not read are said, known or not', () => {
  const solution = readSolution(
    solutionZip(
      '<WebResources><WebResource/><WebResource/></WebResources><Templates/><Holograms><Hologram/></Holograms><Workflows><Workflow Name="W"><Category>0</Category></Workflow><Workflow Name="R"><Category>2</Category></Workflow></Workflows>',
    ),
  );
  expect(solution.diagnostics.map((one) => [one.severity, one.code, one.location])).toEqual([
    ['warning', 'solution.workflowMissing', 'customizations.xml/Workflows/R'],
    ['info', 'solution.partNotRead', 'customizations.xml/WebResources'],
    ['info', 'solution.partNotRead', 'customizations.xml/Holograms'],
    ['warning', 'solution.inactiveWorkflow', 'customizations.xml/Workflows/W'],
  ]);
  expect(solution.counts.businessRules).toBe(1);
});

const pairXml = (first: string, second: string, name: string, intersect: string) =>
  `<EntityRelationship Name="${name}"><EntityRelationshipType>ManyToMany</EntityRelationshipType><IntersectEntityName>${intersect}</IntersectEntityName><FirstEntityName>${first}</FirstEntityName><SecondEntityName>${second}</SecondEntityName></EntityRelationship>`;

test('pairs are found by relationship or intersect table, from either side', () => {
  const solution = readSolution(
    solutionZip(
      entities +
        text(pairXml('new_a', 'new_b', 'new_a_new_B_x', 'new_a_new_b'), 'EntityRelationships'),
    ),
  );
  const pairs = (table: string, source: number, target: number, name: string) =>
    `<entity name="${table}"><records/><m2mrelationships><m2mrelationship sourceid="${id(source)}" targetentityname="x" m2mrelationshipname="${name}"><targetids><targetid>${id(target)}</targetid></targetids></m2mrelationship></m2mrelationships></entity>`;
  const data = readDataPackage(
    zip({
      'data_schema.xml': '<entities/>',
      'data.xml': text(
        pairs('new_a', 1, 2, 'new_a_new_b_x') +
          pairs('new_b', 4, 3, 'new_a_new_B') +
          pairs('new_b', 4, 3, 'other'),
        'entities',
      ),
    }),
    solution.model,
  );
  expect(data.associations.map((one) => one.values)).toEqual([
    { new_aid: { table: 'new_a', id: id(1) }, new_bid: { table: 'new_b', id: id(2) } },
    { new_aid: { table: 'new_a', id: id(3) }, new_bid: { table: 'new_b', id: id(4) } },
  ]);
  expect(data.diagnostics).toMatchObject([{ code: 'data.unknownRelationship' }]);
});

test('party lists and currencies of a data package', () => {
  const solution = readSolution(solutionZip(text(entityXml('new_mail', ''), 'Entities')));
  const party = (table: string, n: number, name: string) =>
    `<activitypointerrecords id="${id(90 + n)}"><field name="partyid" value="${id(n)}" lookupentity="${table}" lookupentityname="${name}"/><field name="participationtypemask" value="2"/></activitypointerrecords>`;
  const data = readDataPackage(
    zip({
      'data_schema.xml': text(
        '<entity name="new_mail" primaryidfield="new_mailid"><fields><field name="to" type="partylist"/></fields></entity>' +
          '<entity name="transactioncurrency" primaryidfield="transactioncurrencyid" primarynamefield="currencyname"><fields><field name="currencyname" type="string"/><field name="isocurrencycode" type="string"/><field name="currencysymbol" type="string"/><field name="currencyprecision" type="number"/></fields></entity>',
        'entities',
      ),
      'data.xml': text(
        `<entity name="new_mail"><records><record id="${id(1)}"><field name="to" value="" lookupentity="">${party('contact', 2, 'Ana')}${party('systemuser', 3, '')}</field></record></records></entity>` +
          `<entity name="transactioncurrency"><records><record id="${id(5)}"><field name="currencyname" value="Yen"/><field name="isocurrencycode" value="JPY"/><field name="currencysymbol" value="¥"/><field name="currencyprecision" value="0"/></record><record id="${id(6)}"><field name="currencyname" value="Broken"/></record></records></entity>`,
        'entities',
      ),
    }),
    solution.model,
  );
  expect(data.rows[0]?.values['to']).toEqual([
    { table: 'contact', id: id(2), name: 'Ana' },
    { table: 'systemuser', id: id(3) },
  ]);
  expect(data.currencies).toEqual([
    { id: id(5), name: 'Yen', isoCode: 'JPY', symbol: '¥', precision: 0 },
  ]);
  expect(data.diagnostics).toMatchObject([{ code: 'data.tableFromPackage', severity: 'info' }]);
});

test('SolutionError says what to do', () => {
  const error = new SolutionError('zip.unreadable', 'What.', 'Do.');
  expect([error.name, error.fix]).toEqual(['SolutionError', 'Do.']);
});
