import { queryTypes, type SavedQuery } from '@outpost/model';

interface ViewDefinition {
  readonly table: string;
  readonly name: string;
  readonly columns: readonly (readonly [string, number])[];
  readonly order: string;
  readonly descending?: boolean;
  readonly filter?: string;
  readonly links?: string;
  readonly isDefault?: boolean;
}

const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
const condition = (column: string, operator: string, value?: string): string =>
  `<condition attribute="${column}" operator="${operator}"${value === undefined ? '' : ` value="${escapeXml(value)}"`}/>`;
const active = condition('statecode', 'eq', '0');

function fetchOf(definition: ViewDefinition, filter: string): string {
  const attributes = definition.columns
    .filter(([name]) => !name.includes('.'))
    .map(([name]) => `<attribute name="${name}"/>`)
    .join('');
  const descending = definition.descending === true ? ' descending="true"' : '';
  const order = `<order attribute="${definition.order}"${descending}/>`;
  const where = filter === '' ? '' : `<filter type="and">${filter}</filter>`;
  return `<fetch version="1.0" mapping="logical"><entity name="${definition.table}">${attributes}${order}${where}${definition.links ?? ''}</entity></fetch>`;
}

const publicViews: readonly ViewDefinition[] = [
  {
    table: 'account',
    name: 'Active Accounts',
    isDefault: true,
    columns: [
      ['name', 260],
      ['telephone1', 120],
      ['address1_city', 120],
      ['primarycontactid', 160],
      ['pc.emailaddress1', 200],
    ],
    order: 'name',
    filter: active,
    links:
      '<link-entity name="contact" from="contactid" to="primarycontactid" link-type="outer" alias="pc" visible="false"><attribute name="emailaddress1"/></link-entity>',
  },
  {
    table: 'account',
    name: 'My Active Accounts',
    columns: [
      ['name', 260],
      ['telephone1', 120],
      ['address1_city', 120],
    ],
    order: 'name',
    filter: active + condition('ownerid', 'eq-userid'),
  },
  {
    table: 'account',
    name: 'Inactive Accounts',
    columns: [
      ['name', 260],
      ['address1_city', 120],
    ],
    order: 'name',
    filter: condition('statecode', 'eq', '1'),
  },
  {
    table: 'contact',
    name: 'Active Contacts',
    isDefault: true,
    columns: [
      ['fullname', 200],
      ['parentcustomerid', 220],
      ['telephone1', 120],
      ['emailaddress1', 220],
    ],
    order: 'fullname',
    filter: active,
  },
  {
    table: 'lead',
    name: 'Open Leads',
    isDefault: true,
    columns: [
      ['fullname', 180],
      ['subject', 240],
      ['leadqualitycode', 80],
      ['statuscode', 100],
      ['createdon', 140],
    ],
    order: 'createdon',
    descending: true,
    filter: active,
  },
  {
    table: 'lead',
    name: 'Hot Leads Without Budget',
    columns: [
      ['fullname', 180],
      ['subject', 240],
      ['companyname', 160],
    ],
    order: 'fullname',
    filter: active + condition('leadqualitycode', 'eq', '1') + condition('budgetamount', 'null'),
  },
  {
    table: 'opportunity',
    name: 'Open Opportunities',
    isDefault: true,
    columns: [
      ['name', 240],
      ['customerid', 200],
      ['estimatedvalue', 120],
      ['closeprobability', 80],
      ['estimatedclosedate', 120],
    ],
    order: 'estimatedvalue',
    descending: true,
    filter: active,
  },
  {
    table: 'opportunityproduct',
    name: 'Opportunity Products',
    isDefault: true,
    columns: [
      ['opportunityproductname', 220],
      ['opportunityid', 220],
      ['quantity', 80],
      ['priceperunit', 100],
    ],
    order: 'opportunityproductname',
  },
  {
    table: 'incident',
    name: 'Active Cases',
    isDefault: true,
    columns: [
      ['title', 260],
      ['ticketnumber', 120],
      ['prioritycode', 80],
      ['customerid', 200],
      ['statuscode', 120],
    ],
    order: 'prioritycode',
    filter: active,
  },
  {
    table: 'appointment',
    name: 'My Appointments',
    isDefault: true,
    columns: [
      ['subject', 260],
      ['scheduledstart', 140],
      ['regardingobjectid', 200],
    ],
    order: 'scheduledstart',
    filter: condition('ownerid', 'eq-userid'),
  },
  {
    table: 'phonecall',
    name: 'My Phone Calls',
    isDefault: true,
    columns: [
      ['subject', 260],
      ['phonenumber', 140],
      ['regardingobjectid', 200],
    ],
    order: 'subject',
    filter: condition('ownerid', 'eq-userid'),
  },
  {
    table: 'activitypointer',
    name: 'Open Activities',
    isDefault: true,
    columns: [
      ['subject', 260],
      ['activitytypecode', 120],
      ['regardingobjectid', 200],
    ],
    order: 'subject',
    filter: condition('statecode', 'in').replace(
      '/>',
      '><value>0</value><value>3</value></condition>',
    ),
  },
  {
    table: 'product',
    name: 'Active Products',
    isDefault: true,
    columns: [
      ['name', 240],
      ['productnumber', 120],
      ['price', 100],
    ],
    order: 'name',
    filter: active,
  },
  {
    table: 'competitor',
    name: 'All Competitors',
    isDefault: true,
    columns: [
      ['name', 240],
      ['websiteurl', 200],
    ],
    order: 'name',
  },
  {
    table: 'connection',
    name: 'Active Connections',
    isDefault: true,
    columns: [
      ['record1id', 200],
      ['record2id', 200],
      ['record2roleid', 160],
    ],
    order: 'record1id',
    filter: active,
  },
  {
    table: 'new_visit',
    name: 'Active Site Visits',
    isDefault: true,
    columns: [
      ['new_name', 220],
      ['new_accountid', 220],
      ['new_visitedon', 120],
      ['new_outcome', 120],
    ],
    order: 'new_visitedon',
    descending: true,
    filter: active,
  },
  {
    table: 'systemuser',
    name: 'Enabled Users',
    isDefault: true,
    columns: [
      ['fullname', 200],
      ['businessunitid', 160],
      ['internalemailaddress', 220],
    ],
    order: 'fullname',
    filter: condition('isdisabled', 'eq', '0'),
  },
  {
    table: 'team',
    name: 'All Teams',
    isDefault: true,
    columns: [
      ['name', 200],
      ['businessunitid', 160],
    ],
    order: 'name',
  },
];

/** Find columns of each table's quick find view. */
const findColumns: Readonly<Record<string, readonly string[]>> = {
  account: ['name', 'accountnumber', 'telephone1', 'emailaddress1', 'address1_city'],
  contact: ['fullname', 'firstname', 'lastname', 'emailaddress1', 'telephone1', 'parentcustomerid'],
  lead: ['fullname', 'subject', 'companyname', 'emailaddress1'],
  opportunity: ['name', 'customerid'],
  opportunityproduct: ['opportunityproductname'],
  incident: ['title', 'ticketnumber', 'customerid'],
  appointment: ['subject', 'location', 'scheduledstart'],
  phonecall: ['subject', 'phonenumber'],
  product: ['name', 'productnumber'],
  competitor: ['name'],
  new_visit: ['new_name', 'new_accountid'],
  systemuser: ['fullname'],
};

const id = (group: number, n: number): string =>
  `5a${group}00000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

function toSavedQuery(definition: ViewDefinition, n: number): SavedQuery {
  return {
    id: id(0, n),
    name: definition.name,
    table: definition.table,
    queryType: queryTypes.public,
    isDefault: definition.isDefault === true,
    fetchXml: fetchOf(definition, definition.filter ?? ''),
    layout: definition.columns.map(([name, width]) => ({ name, width })),
  };
}

function quickFind([table, columns]: readonly [string, readonly string[]], n: number): SavedQuery {
  const base = publicViews.find((view) => view.table === table && view.isDefault === true);
  const shown = base?.columns.filter(([name]) => !name.includes('.')) ?? [];
  const names = new Set([...shown.map(([name]) => name), ...columns]);
  const definition: ViewDefinition = {
    table,
    name: 'Quick Find',
    columns: [...names].map((name) => [name, 150] as const),
    order: columns[0] ?? table,
  };
  const terms = columns.map((column) => condition(column, 'like', '{0}')).join('');
  const activeOnly = base?.filter?.includes(active) === true ? active : '';
  const filter = `${activeOnly}<filter type="or" isquickfindfields="1">${terms}</filter>`;
  return {
    id: id(4, n),
    name: `Quick Find ${table}`,
    table,
    queryType: queryTypes.quickFind,
    isDefault: false,
    fetchXml: fetchOf(definition, filter),
    layout: definition.columns.map(([name, width]) => ({ name, width })),
  };
}

/** System views and quick find views of the sample app. */
export const savedQueries: readonly SavedQuery[] = [
  ...publicViews.map(toSavedQuery),
  ...Object.entries(findColumns).map(quickFind),
];
