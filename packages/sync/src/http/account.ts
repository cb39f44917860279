import { base64ToBytes } from '@outpost/model';

/** Claims that name an account whatever the token: those of Microsoft Entra ID first. */
const subjects = ['oid', 'sub'] as const;

/**
 * The account that a JSON Web Token was issued for, without checking the token; null: it is none. Tokens of one account
 * have one name, so a renewed token is known again.
 */
export function accountOfToken(token: string): string | null {
  const part = token.split('.')[1] ?? '';
  const padded = part
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .padEnd(part.length + (-part.length & 3), '=');
  const bytes = base64ToBytes(padded);
  const claims = bytes === null ? null : parsed(new TextDecoder().decode(bytes));
  const subject = subjects.map((name) => claims?.[name]).find((one) => typeof one === 'string');
  return subject === undefined ? null : `${String(claims?.['iss'] ?? '')} ${String(subject)}`;
}

function parsed(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>> | null;
  } catch {
    return null;
  }
}
