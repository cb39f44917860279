import { readXmlTree, type XmlNode } from '../xml/xml-tree.ts';

/** An element of a workflow file, named by what it is, whatever prefix the file uses. */
export interface Activity {
  /** Local name; of an `ActivityReference` the class it refers to, such as `EvaluateCondition`. */
  readonly name: string;
  /** True: the element is of the vocabulary of Dataverse workflows. */
  readonly isKnown: boolean;
  /** Attributes by local name. */
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly children: readonly Activity[];
  readonly text: string;
}

/** CLR namespaces whose elements are understood, by their beginnings. */
const vocabulary = [
  'http://schemas.microsoft.com/netfx/2009/xaml/activities',
  'http://schemas.microsoft.com/winfx/2006/xaml',
  'clr-namespace:Microsoft.Crm.Workflow',
  'clr-namespace:Microsoft.Xrm.Sdk',
  'clr-namespace:System',
  'clr-namespace:Microsoft.VisualBasic.Activities',
];

/** Reads a workflow file. Throws `SolutionError` for a text that is no XML. */
export function readXaml(xml: string, file: string): Activity {
  const root = readXmlTree(xml, file);
  const namespaces = new Map<string, string>();
  for (const [name, value] of Object.entries(root.attributes)) {
    if (name === 'xmlns') namespaces.set('', value ?? '');
    if (name.startsWith('xmlns:')) namespaces.set(name.slice(6), value ?? '');
  }
  return activityOf(root, namespaces);
}

function activityOf(node: XmlNode, namespaces: ReadonlyMap<string, string>): Activity {
  const [prefix, local] = splitName(node.name);
  const namespace = namespaces.get(prefix) ?? '';
  const attributes: Record<string, string | undefined> = Object.create(null);
  for (const [name, value] of Object.entries(node.attributes)) {
    attributes[splitName(name)[1]] = value;
  }
  const referred = /^[\w.]*\.(\w+),/.exec(attributes['AssemblyQualifiedName'] ?? '')?.[1];
  return {
    name: local === 'ActivityReference' && referred !== undefined ? referred : local,
    isKnown: vocabulary.some((one) => namespace.startsWith(one)),
    attributes,
    children: node.children.map((child) => activityOf(child, namespaces)),
    text: node.text,
  };
}

function splitName(name: string): readonly [prefix: string, local: string] {
  const at = name.indexOf(':');
  return at < 0 ? ['', name] : [name.slice(0, at), name.slice(at + 1)];
}

/** The entry with a key among the arguments or properties of an activity reference. */
export function entryOf(activity: Activity, key: string): Activity | undefined {
  return activity.children
    .filter(
      ({ name }) =>
        name === 'ActivityReference.Arguments' || name === 'ActivityReference.Properties',
    )
    .flatMap(({ children }) => children)
    .find(({ attributes }) => attributes['Key'] === key);
}

/** Activities inside an activity. */
export function activitiesOf(activity: Activity | undefined): readonly Activity[] {
  return activity === undefined ? [] : (entryOf(activity, 'Activities')?.children ?? []);
}

/** Text of an entry; empty when it is not there or null. */
export function entryText(activity: Activity, key: string): string {
  return entryOf(activity, key)?.text ?? '';
}

/** The variable that an expression like `[name]` names; null: it is another expression. */
export function variableOf(expression: string | undefined): string | null {
  return /^\[(\w+)\]$/.exec(expression?.trim() ?? '')?.[1] ?? null;
}

/** Items of `[New Object() { a, b.c, "text" }]`: names, and texts in quotation marks. Null: it is something else. */
export function itemsOf(
  expression: string,
): readonly { readonly kind: 'name' | 'text'; readonly text: string }[] | null {
  const inside = /^\[New Object\(\) \{(.*)\}\]$/s.exec(expression.trim())?.[1];
  if (inside === undefined) return null;
  const items: { kind: 'name' | 'text'; text: string }[] = [];
  const item = /\s*(?:"((?:[^"]|"")*)"|([\w.]+))\s*(,|$)/y;
  for (let at = 0; at < inside.trimEnd().length; at = item.lastIndex) {
    item.lastIndex = at;
    const found = item.exec(inside.trimEnd());
    if (found === null) return null;
    const [, quoted, name = ''] = found;
    items.push(
      quoted === undefined
        ? { kind: 'name', text: name }
        : { kind: 'text', text: quoted.replaceAll('""', '"') },
    );
  }
  return items;
}

/** Text of the step labels in an element, in a language or else in the first. */
export function stepLabel(labels: Activity | undefined, language: string): string | null {
  const all = labels?.children.filter(({ name }) => name === 'StepLabel') ?? [];
  const found = all.find(({ attributes }) => attributes['LanguageCode'] === language) ?? all[0];
  return found?.attributes['Description'] ?? null;
}
