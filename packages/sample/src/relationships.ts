import {
  type CascadeKind,
  type ManyToOne,
  parentalCascade,
  type Relationship,
} from '@outpost/model';

const manyToOne = (
  name: string,
  table: string,
  column: string,
  target: string,
  onDelete: CascadeKind,
  onAssign: CascadeKind = 'noCascade',
): ManyToOne => ({
  kind: 'manyToOne',
  name,
  table,
  column,
  target,
  cascade: { delete: onDelete, assign: onAssign },
});

/** Deleting or assigning the parent takes the children along. */
const parental = (name: string, table: string, column: string, target: string): ManyToOne => ({
  kind: 'manyToOne',
  name,
  table,
  column,
  target,
  cascade: parentalCascade,
});

const regarding = ['account', 'contact', 'lead', 'opportunity', 'incident'] as const;
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Relationships of the sample app, under their Dataverse schema names. */
export const relationships: readonly Relationship[] = [
  parental('contact_customer_accounts', 'contact', 'parentcustomerid', 'account'),
  parental('contact_customer_contacts', 'contact', 'parentcustomerid', 'contact'),
  manyToOne('account_primary_contact', 'account', 'primarycontactid', 'contact', 'removeLink'),
  {
    ...manyToOne('account_parent_account', 'account', 'parentaccountid', 'account', 'removeLink'),
    hierarchical: true,
  },
  manyToOne('account_originating_lead', 'account', 'originatingleadid', 'lead', 'removeLink'),
  manyToOne('contact_originating_lead', 'contact', 'originatingleadid', 'lead', 'removeLink'),
  manyToOne('lead_parent_account', 'lead', 'parentaccountid', 'account', 'removeLink'),
  manyToOne('lead_parent_contact', 'lead', 'parentcontactid', 'contact', 'removeLink'),
  manyToOne(
    'lead_qualifying_opportunity',
    'lead',
    'qualifyingopportunityid',
    'opportunity',
    'removeLink',
  ),
  manyToOne(
    'lk_leadtoopportunitysalesprocess_leadid',
    'leadtoopportunitysalesprocess',
    'leadid',
    'lead',
    'cascade',
  ),
  parental('opportunity_customer_accounts', 'opportunity', 'customerid', 'account'),
  parental('opportunity_customer_contacts', 'opportunity', 'customerid', 'contact'),
  manyToOne(
    'opportunity_parent_account',
    'opportunity',
    'parentaccountid',
    'account',
    'removeLink',
  ),
  manyToOne(
    'opportunity_parent_contact',
    'opportunity',
    'parentcontactid',
    'contact',
    'removeLink',
  ),
  manyToOne(
    'opportunity_originating_lead',
    'opportunity',
    'originatingleadid',
    'lead',
    'removeLink',
  ),
  parental('product_opportunities', 'opportunityproduct', 'opportunityid', 'opportunity'),
  manyToOne('opportunity_products', 'opportunityproduct', 'productid', 'product', 'restrict'),
  parental('incident_customer_accounts', 'incident', 'customerid', 'account'),
  parental('incident_customer_contacts', 'incident', 'customerid', 'contact'),
  manyToOne('contact_as_primary_contact', 'incident', 'primarycontactid', 'contact', 'removeLink'),
  parental('competitor_addresses', 'competitoraddress', 'parentid', 'competitor'),
  parental('email_activity_mime_attachment', 'activitymimeattachment', 'objectid', 'email'),
  manyToOne('account_connections1', 'connection', 'record1id', 'account', 'cascade'),
  manyToOne('contact_connections2', 'connection', 'record2id', 'contact', 'cascade'),
  {
    ...manyToOne(
      'position_parent_position',
      'position',
      'parentpositionid',
      'position',
      'removeLink',
    ),
    hierarchical: true,
  },
  parental('account_new_visits', 'new_visit', 'new_accountid', 'account'),
  ...regarding.flatMap((target) =>
    [
      ['task', 'Tasks'],
      ['phonecall', 'Phonecalls'],
      ['appointment', 'Appointments'],
      ['email', 'Emails'],
    ].map(([table = '', plural = '']) =>
      parental(`${capital(target)}_${plural}`, table, 'regardingobjectid', target),
    ),
  ),
  ...[...regarding, 'task', 'phonecall', 'appointment'].map((target) =>
    parental(`${capital(target)}_Annotation`, 'annotation', 'objectid', target),
  ),
];
