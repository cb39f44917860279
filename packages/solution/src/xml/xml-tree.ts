import { SaxesParser } from 'saxes';
import { SolutionError } from '../solution-error.ts';

export interface XmlNode {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly children: readonly XmlNode[];
  readonly text: string;
}

interface OpenNode extends XmlNode {
  readonly children: OpenNode[];
  text: string;
}

const maxDepth = 100;
const maxElements = 3_000_000;

export interface XmlEvents {
  open(name: string, attributes: Readonly<Record<string, string>>): void;
  close(name: string, text: string): void;
}

/** Streams a document, guarded: bounded depth and size, no document type. `file` appears in errors. */
export function streamXml(xml: string, file: string, events: XmlEvents): void {
  const parser = new SaxesParser();
  const invalid = (message: string): SolutionError =>
    new SolutionError('xml.invalid', `${file}: ${message}`, 'Export the package again.');
  let depth = 0;
  let elements = 0;
  let text = '';
  parser.on('error', (error) => {
    throw invalid(error.message);
  });
  parser.on('doctype', () => {
    throw invalid('a document type is not allowed.');
  });
  parser.on('opentag', (tag) => {
    depth += 1;
    elements += 1;
    if (depth > maxDepth) throw invalid(`nested deeper than ${maxDepth} (line ${parser.line}).`);
    if (elements > maxElements) {
      throw new SolutionError(
        'xml.tooLarge',
        `${file} has more than ${maxElements} elements.`,
        'Split the package.',
      );
    }
    text = '';
    const attributes: Record<string, string> = Object.create(null);
    for (const [name, value] of Object.entries(tag.attributes)) attributes[name] = String(value);
    events.open(tag.name, attributes);
  });
  parser.on('text', (piece) => {
    text += piece;
  });
  parser.on('cdata', (piece) => {
    text += piece;
  });
  parser.on('closetag', (tag) => {
    depth -= 1;
    events.close(tag.name, text);
    text = '';
  });
  parser.write(xml).close();
}

/** A whole document as a tree. */
export function readXmlTree(xml: string, file: string): XmlNode {
  const open: OpenNode[] = [];
  let root: OpenNode | null = null;
  streamXml(xml, file, {
    open(name, attributes) {
      const node: OpenNode = { name, attributes, children: [], text: '' };
      open.at(-1)?.children.push(node);
      root ??= node;
      open.push(node);
    },
    close(_, text) {
      const node = open.pop();
      if (node !== undefined) node.text = text.trim();
    },
  });
  if (root === null) {
    throw new SolutionError(
      'xml.invalid',
      `${file} holds no element.`,
      'Export the package again.',
    );
  }
  return root;
}

export function childNamed(node: XmlNode | undefined, name: string): XmlNode | undefined {
  return node?.children.find((child) => child.name === name);
}
export function childrenNamed(node: XmlNode | undefined, name: string): readonly XmlNode[] {
  return node?.children.filter((child) => child.name === name) ?? [];
}
export function textOf(node: XmlNode | undefined, name: string): string {
  return childNamed(node, name)?.text ?? '';
}

/** A value that stands as an attribute or as a child element; empty when neither is there. */
export function attributeOf(node: XmlNode, name: string): string {
  const wanted = name.toLowerCase();
  for (const [key, value] of Object.entries(node.attributes)) {
    if (key.toLowerCase() === wanted) return value ?? '';
  }
  return node.children.find((child) => child.name.toLowerCase() === wanted)?.text ?? '';
}

/** All descendants with a name, in document order. */
export function descendants(node: XmlNode | undefined, name: string): readonly XmlNode[] {
  if (node === undefined) return [];
  return node.children.flatMap((child) => [
    ...(child.name === name ? [child] : []),
    ...descendants(child, name),
  ]);
}

/** A node as XML text again: views are kept as text and parsed by the query engine. */
export function toXml(node: XmlNode): string {
  const attributes = Object.entries(node.attributes).map(
    ([name, value]) => ` ${name}="${escapeXml(value ?? '')}"`,
  );
  const inside =
    node.children.length > 0 ? node.children.map(toXml).join('') : escapeXml(node.text);
  return `<${node.name}${attributes.join('')}>${inside}</${node.name}>`;
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** The label of a language, by `description` and `languagecode` (Dataverse's usual shape). */
export function labelIn(node: XmlNode | undefined, language: string): string | null {
  const labels = node?.children ?? [];
  const found = labels.find((one) => one.attributes['languagecode'] === language) ?? labels[0];
  return found?.attributes['description'] ?? null;
}
