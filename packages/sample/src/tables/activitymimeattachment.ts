import { defineTable, type Table } from '@outpost/model';

/** Attachment of an email. */
export const activitymimeattachment: Table = defineTable({
  name: 'activitymimeattachment',
  label: 'Attachment',
  setName: 'activitymimeattachments',
  primaryName: 'filename',
  ownership: 'none',
  columns: {
    filename: { type: 'string', label: 'File Name', maxLength: 255 },
    mimetype: { type: 'string', label: 'Mime Type', maxLength: 256 },
    filesize: { type: 'integer', label: 'File Size (Bytes)', readOnly: true },
    objectid: { type: 'lookup', label: 'Regarding', targets: ['email'], required: 'required' },
  },
});
