declare function atob(text: string): string;
declare function btoa(bytes: string): string;

/** The bytes of a Base64 text (RFC 4648, padded, no white space); null: it is none. */
export function base64ToBytes(text: string): Uint8Array | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < characters.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/** More arguments at once could overflow the stack. */
const atOnce = 8192;

export function bytesToBase64(bytes: Uint8Array): string {
  let characters = '';
  for (let at = 0; at < bytes.length; at += atOnce) {
    characters += String.fromCharCode(...bytes.subarray(at, at + atOnce));
  }
  return btoa(characters);
}
