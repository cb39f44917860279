import { defineTable, type Table } from '@outpost/model';

/** Instances of the process flow "Lead to Opportunity". */
export const leadProcess: Table = defineTable({
  name: 'leadtoopportunitysalesprocess',
  label: 'Lead to Opportunity Sales Process',
  setName: 'leadtoopportunitysalesprocesses',
  primaryId: 'businessprocessflowinstanceid',
  primaryName: 'name',
  ownership: 'organization',
  isCustom: true,
  columns: {
    name: { type: 'string', label: 'Name', maxLength: 300 },
    leadid: { type: 'lookup', label: 'Lead', targets: ['lead'] },
    activestageid: { type: 'guid', label: 'Active Stage' },
    traversedpath: { type: 'string', label: 'Traversed Path', maxLength: 1250 },
    statuscode: {
      type: 'status',
      label: 'Status Reason',
      options: [
        { value: 1, label: 'Active', state: 0 },
        { value: 2, label: 'Finished', state: 1 },
        { value: 3, label: 'Aborted', state: 1 },
      ],
      default: 1,
    },
  },
});
