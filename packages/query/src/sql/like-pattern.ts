import { fold } from '@outpost/model';

/**
 * Turns a Dataverse pattern (`%`, `_`, `[set]`) into a GLOB over folded text. SQLite's LIKE has no sets; GLOB has the
 * same ones. Literal `*`, `?` and `[` are bracketed; an unclosed `[` is literal.
 */
export function likeToGlob(pattern: string): string {
  const text = fold(pattern);
  let glob = '';
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === '%') glob += '*';
    else if (character === '_') glob += '?';
    else if (character === '*' || character === '?') glob += `[${character}]`;
    else if (character === '[') {
      const close = text.indexOf(']', text.startsWith('[^', i) ? i + 3 : i + 2);
      if (close < 0) glob += '[[]';
      else {
        glob += text.slice(i, close + 1);
        i = close;
      }
    } else glob += character;
  }
  return glob;
}

/** A pattern that matches exactly the given text. */
export function escapePattern(text: string): string {
  return text.replace(/[%_[]/g, (character) => `[${character}]`);
}
