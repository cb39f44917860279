import type { Form } from '@outpost/model';
import type { Session } from '../session.ts';

/** The main form of a table, the one of that id if there is one; a form over its columns where it has none. */
export function formOf(session: Session, table: string, id?: string): Form {
  const forms = session.model.forms.filter((one) => one.table === table && one.type === 'main');
  return forms.find((one) => one.id === id) ?? forms[0] ?? generatedForm(session, table);
}

/** A form over all columns a user can set, for tables that have none. */
function generatedForm(session: Session, table: string): Form {
  const controls = session
    .table(table)
    .columns.filter(
      (column) => column.readOnly !== true && column.name !== session.table(table).primaryId,
    )
    .map((column) => ({ column: column.name, label: column.label }));
  const sections = [{ label: 'General', controls }];
  return {
    id: `generated-${table}`,
    name: 'Information',
    table,
    type: 'main',
    tabs: [{ label: 'General', sections }],
  };
}
