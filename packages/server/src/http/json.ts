import { HttpError } from '../server-error.ts';

/**
 * Objects and lists in each other at most, as in OData's own readers.
 * https://learn.microsoft.com/dotnet/api/microsoft.odata.odatamessagequotas.maxnestingdepth
 */
const maxDepth = 100;

/** Reads a JSON text of a request. Throws the 400 of what is none, or is nested too deeply to be read by anybody. */
export function parseJson(text: string): unknown {
  if (isDeeper(text, maxDepth)) {
    throw new HttpError(400, 'outpost:json', `The JSON is nested deeper than ${maxDepth}.`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpError(400, 'outpost:json', 'The body is not JSON.');
  }
}

function isDeeper(text: string, most: number): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isText) {
      if (character === '\\') at += 1;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === '{' || character === '[') {
      depth += 1;
      if (depth > most) return true;
    } else if (character === '}' || character === ']') depth -= 1;
  }
  return false;
}
