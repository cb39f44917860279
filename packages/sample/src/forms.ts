import type { Form, Table } from '@outpost/model';

const sections: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  account: {
    'Account Information': [
      'name',
      'telephone1',
      'websiteurl',
      'emailaddress1',
      'address1_city',
      'primarycontactid',
      'parentaccountid',
      'ownerid',
    ],
    Details: [
      'industrycode',
      'numberofemployees',
      'revenue',
      'customertypecode',
      'creditonhold',
      'creditlimit',
      'description',
    ],
  },
  contact: {
    'Contact Information': [
      'firstname',
      'lastname',
      'jobtitle',
      'parentcustomerid',
      'emailaddress1',
      'telephone1',
      'mobilephone',
      'address1_city',
      'ownerid',
    ],
    Details: ['birthdate', 'preferredcontactmethodcode', 'donotphone', 'description'],
  },
  lead: {
    Details: [
      'subject',
      'firstname',
      'lastname',
      'companyname',
      'leadqualitycode',
      'leadsourcecode',
      'budgetamount',
      'estimatedvalue',
      'estimatedclosedate',
      'decisionmaker',
      'ownerid',
    ],
    Contact: [
      'emailaddress1',
      'telephone1',
      'mobilephone',
      'donotphone',
      'parentaccountid',
      'description',
    ],
  },
  opportunity: {
    'Opportunity Information': [
      'name',
      'customerid',
      'estimatedvalue',
      'closeprobability',
      'estimatedclosedate',
      'opportunityratingcode',
      'ownerid',
    ],
    Details: ['customerneed', 'proposedsolution', 'originatingleadid', 'description'],
  },
  opportunityproduct: {
    Product: ['opportunityproductname', 'opportunityid', 'productid', 'quantity', 'priceperunit'],
  },
  incident: {
    'Case Details': [
      'title',
      'customerid',
      'primarycontactid',
      'prioritycode',
      'caseorigincode',
      'casetypecode',
      'statuscode',
      'ownerid',
      'description',
    ],
  },
  task: {
    Task: [
      'subject',
      'regardingobjectid',
      'scheduledend',
      'prioritycode',
      'statuscode',
      'ownerid',
      'description',
    ],
  },
  phonecall: {
    'Phone Call': [
      'subject',
      'phonenumber',
      'directioncode',
      'regardingobjectid',
      'scheduledend',
      'ownerid',
      'description',
    ],
  },
  appointment: {
    Appointment: [
      'subject',
      'location',
      'scheduledstart',
      'scheduledend',
      'regardingobjectid',
      'ownerid',
      'description',
    ],
  },
  product: { Product: ['name', 'productnumber', 'price', 'description'] },
  competitor: { Competitor: ['name', 'websiteurl', 'address1_city'] },
  new_visit: {
    Visit: ['new_name', 'new_accountid', 'new_visitedon', 'new_outcome', 'new_notes', 'ownerid'],
  },
  systemuser: { User: ['fullname', 'businessunitid', 'internalemailaddress', 'jobtitle'] },
};

/** Main forms of the sample app. */
export function mainForms(tables: readonly Table[]): readonly Form[] {
  return tables.flatMap((table, n): Form[] => {
    const groups = sections[table.name];
    if (groups === undefined) return [];
    const label = (name: string) =>
      table.columns.find((column) => column.name === name)?.label ?? name;
    return [
      {
        id: `f0000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`,
        name: 'Information',
        table: table.name,
        type: 'main',
        tabs: [
          {
            label: 'General',
            sections: Object.entries(groups).map(([title, columns]) => ({
              label: title,
              controls: columns.map((column) => ({ column, label: label(column) })),
            })),
          },
        ],
      },
    ];
  });
}
