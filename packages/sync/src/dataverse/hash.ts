import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/** Hash of anything that is JSON, 16 hexadecimal digits. */
export function hashOf(value: unknown): string {
  return digitsOf(value).slice(0, 16);
}

/** A GUID that follows from anything that is JSON. */
export function guidOf(value: unknown): string {
  const hex = digitsOf(value);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function digitsOf(value: unknown): string {
  return bytesToHex(sha256(new TextEncoder().encode(JSON.stringify(value))));
}
