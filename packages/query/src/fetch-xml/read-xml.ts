import { SaxesParser } from 'saxes';
import { type Position, QueryError } from '../query-error.ts';

export interface XmlElement {
  readonly name: string;
  /** Null prototype: a name like `constructor` is only ever what the text says. */
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

interface OpenElement extends XmlElement {
  readonly children: OpenElement[];
  text: string;
}

const limits = { characters: 1_000_000, depth: 32, elements: 10_000 } as const;

/** Reads a small XML document, guarded: bounded size, depth and element count, no document type, no instructions. */
export function readXml(xml: string): XmlElement {
  if (xml.length > limits.characters) throw tooBig(`longer than ${limits.characters} characters`);
  const parser = new SaxesParser();
  const open: OpenElement[] = [];
  let root: OpenElement | null = null;
  let elements = 0;
  parser.on('error', (error) => {
    const position = { line: parser.line, column: parser.column + 1 };
    const message = error.message.replace(/^\d+:\d+: /, '');
    throw new QueryError('xml', message, 'Send well-formed XML.', undefined, position);
  });
  parser.on('doctype', () => {
    throw new QueryError('xml', 'A document type is not allowed.', 'Remove <!DOCTYPE>.');
  });
  parser.on('processinginstruction', () => {
    throw new QueryError('xml', 'Processing instructions are not allowed.', 'Remove <?...?>.');
  });
  let start: Position = { line: 1, column: 1 };
  parser.on('opentagstart', ({ name }) => {
    // The parser has read `<`, the name, and one character more.
    start = { line: parser.line, column: Math.max(1, parser.column - name.length - 1) };
  });
  parser.on('opentag', (tag) => {
    elements += 1;
    if (elements > limits.elements) throw tooBig(`more than ${limits.elements} elements`);
    if (open.length >= limits.depth) throw tooBig(`nested deeper than ${limits.depth}`);
    const attributes: Record<string, string> = Object.create(null);
    for (const [name, value] of Object.entries(tag.attributes)) attributes[name] = String(value);
    const element: OpenElement = {
      name: tag.name,
      attributes,
      children: [],
      text: '',
      ...start,
    };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  const addText = (text: string) => {
    const parent = open.at(-1);
    if (parent !== undefined) parent.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    open.pop();
  });
  parser.write(xml).close();
  if (root === null) throw new QueryError('xml', 'The text holds no element.', 'Send a query.');
  return root;
}

function tooBig(what: string): QueryError {
  return new QueryError('xml', `The XML is ${what}.`, 'Send a smaller query.');
}
