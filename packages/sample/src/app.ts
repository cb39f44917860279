import {
  type AppModel,
  type OfflineProfileItem,
  type ProcessFlow,
  type Table,
  withSystemTables,
} from '@outpost/model';
import { mainForms } from './forms.ts';
import { relationships } from './relationships.ts';
import { roles } from './roles.ts';
import { rules } from './rules.ts';
import { account } from './tables/account.ts';
import { activitymimeattachment } from './tables/activitymimeattachment.ts';
import { activitypointer } from './tables/activitypointer.ts';
import { annotation } from './tables/annotation.ts';
import { appointment } from './tables/appointment.ts';
import { businessunit } from './tables/businessunit.ts';
import { competitor } from './tables/competitor.ts';
import { competitoraddress } from './tables/competitoraddress.ts';
import { connection } from './tables/connection.ts';
import { connectionrole } from './tables/connectionrole.ts';
import { contact } from './tables/contact.ts';
import { email } from './tables/email.ts';
import { incident } from './tables/incident.ts';
import { lead } from './tables/lead.ts';
import { leadProcess } from './tables/lead-process.ts';
import { newVisit } from './tables/new-visit.ts';
import { opportunity } from './tables/opportunity.ts';
import { opportunityproduct } from './tables/opportunityproduct.ts';
import { phonecall } from './tables/phonecall.ts';
import { position } from './tables/position.ts';
import { product } from './tables/product.ts';
import { systemuser } from './tables/systemuser.ts';
import { task } from './tables/task.ts';
import { team } from './tables/team.ts';
import { savedQueries } from './views.ts';

const tables: readonly Table[] = [
  account,
  contact,
  lead,
  opportunity,
  opportunityproduct,
  incident,
  activitypointer,
  appointment,
  task,
  phonecall,
  email,
  activitymimeattachment,
  competitor,
  competitoraddress,
  connection,
  connectionrole,
  position,
  product,
  team,
  systemuser,
  newVisit,
  leadProcess,
  annotation,
  businessunit,
];

const stageId = (n: number): string => `51a6e000-0000-4000-8000-00000000000${n}`;
const step = (column: string, label: string, required: boolean) => ({ column, label, required });

/** The process flow of leads: one table, so it is available offline. */
const leadFlow: ProcessFlow = {
  id: 'f10e0000-0000-4000-8000-000000000001',
  name: 'Lead to Opportunity',
  table: 'lead',
  instanceTable: leadProcess.name,
  instanceColumn: 'leadid',
  stages: [
    {
      id: stageId(1),
      name: 'Qualify',
      table: 'lead',
      steps: [
        step('budgetamount', 'Budget', true),
        step('decisionmaker', 'Decision Maker?', false),
      ],
    },
    {
      id: stageId(2),
      name: 'Develop',
      table: 'lead',
      steps: [step('estimatedvalue', 'Est. Value', true)],
    },
    {
      id: stageId(3),
      name: 'Propose',
      table: 'lead',
      steps: [step('estimatedclosedate', 'Est. Close Date', true)],
    },
    {
      id: stageId(4),
      name: 'Close',
      table: 'lead',
      steps: [step('description', 'Outcome', false)],
    },
  ],
};

const item = (table: string, more: Partial<OfflineProfileItem> = {}): OfflineProfileItem => ({
  table,
  criteria: 'all',
  relationships: [],
  intervalMinutes: 10,
  ...more,
});
/** My rows, my teams' rows and those of my business unit. */
const mine = { criteria: 'other', mine: true, myTeams: true, myBusinessUnit: true } as const;
const related = (...names: readonly string[]) =>
  ({ criteria: 'related', relationships: names }) as const;

const profileItems: readonly OfflineProfileItem[] = [
  item('account', mine),
  item('contact', mine),
  item('lead', mine),
  item('opportunity', mine),
  item('opportunityproduct', related('product_opportunities')),
  item('incident', mine),
  item('activitypointer', { criteria: 'other', mine: true }),
  item('appointment', { criteria: 'other', mine: true }),
  item('task', { criteria: 'other', mine: true, relationships: ['Account_Tasks'] }),
  item('phonecall', { criteria: 'other', mine: true }),
  item('email', { criteria: 'other', mine: true }),
  item('activitymimeattachment', related('email_activity_mime_attachment')),
  item('competitor'),
  item('competitoraddress', related('competitor_addresses')),
  item('connection', related('account_connections1')),
  item('connectionrole'),
  item('position'),
  item('product', {
    criteria: 'custom',
    filter:
      '<fetch><entity name="product"><filter><condition attribute="statecode" operator="eq" value="0"/></filter></entity></fetch>',
  }),
  item('team'),
  item('systemuser'),
  item('businessunit'),
  item('new_visit', mine),
  item('leadtoopportunitysalesprocess', related('lk_leadtoopportunitysalesprocess_leadid')),
  item('annotation', { criteria: 'other', mine: true, relationships: ['Lead_Annotation'] }),
];

const subArea = (table: Table) => ({ label: table.pluralLabel, table: table.name });

/** The sales and service app that ships with Outpost. */
export const sampleApp: AppModel = withSystemTables({
  name: 'Field Sales and Service',
  uniqueName: 'outpost_sample',
  version: '1.0.0.0',
  tables,
  relationships,
  savedQueries,
  forms: mainForms(tables),
  rules,
  flows: [leadFlow],
  roles: roles(tables),
  siteMap: {
    areas: [
      {
        label: 'Sales',
        groups: [
          { label: 'Customers', subAreas: [account, contact].map(subArea) },
          {
            label: 'Sales',
            subAreas: [lead, opportunity, opportunityproduct, competitor, product].map(subArea),
          },
          {
            label: 'My Work',
            subAreas: [activitypointer, appointment, phonecall, newVisit].map(subArea),
          },
        ],
      },
      {
        label: 'Service',
        groups: [
          { label: 'Service', subAreas: [incident, connection, systemuser, team].map(subArea) },
        ],
      },
    ],
  },
  profile: { id: '0ff11e00-0000-4000-8000-000000000001', name: 'Field staff', items: profileItems },
});
