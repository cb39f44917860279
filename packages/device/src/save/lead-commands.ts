import { dataverseErrors } from '@outpost/model';
import type { Session } from '../session.ts';
import { commandReasons, type SaveResult, updateRow } from './save-row.ts';

const qualified = { statecode: 1, statuscode: 3 } as const;

/** Qualifies a lead. The process flow stays at its stage until the user moves it. */
export function qualifyLead(session: Session, id: string): SaveResult {
  return closeLead(session, id, 'qualify', qualified);
}

/** Disqualifies a lead with a reason (status 4 to 7). */
export function disqualifyLead(session: Session, id: string, reason: unknown): SaveResult {
  return closeLead(session, id, 'disqualify', { statecode: 2, statuscode: reason });
}

function closeLead(
  session: Session,
  id: string,
  command: 'qualify' | 'disqualify',
  values: Readonly<Record<string, unknown>>,
): SaveResult {
  const reasons = commandReasons(session.table('lead'), command);
  if (reasons.length > 0) return { kind: 'refused', reasons };
  const state = session.values('lead', id)?.['statecode'];
  if (state === 1 || state === 2) {
    const message = 'The lead is closed already.';
    const code = dataverseErrors.leadClosed;
    return {
      kind: 'refused',
      reasons: [{ kind: 'invalidValue', column: 'statecode', code, message }],
    };
  }
  return updateRow(session, 'lead', id, values);
}
