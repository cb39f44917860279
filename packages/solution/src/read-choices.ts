import type { ChoiceOption } from '@outpost/model';
import { childNamed, childrenNamed, descendants, labelIn, type XmlNode } from './xml/xml-tree.ts';

/** A choice (option set) of the solution: shared by columns, or of one column. */
export interface Choice {
  readonly name: string;
  readonly label: string;
  readonly isGlobal: boolean;
  readonly options: readonly ChoiceOption[];
}

/** All choices, in document order. */
export function readChoices(root: XmlNode, language: string): readonly Choice[] {
  const globals = new Set(childrenNamed(childNamed(root, 'optionsets'), 'optionset'));
  return descendants(root, 'optionset').map((node) => {
    const name = node.attributes['Name'] ?? '';
    return {
      name,
      label:
        labelIn(childNamed(node, 'displaynames'), language) ??
        node.attributes['localizedName'] ??
        name,
      isGlobal: globals.has(node),
      options: readOptionSet(node, language),
    };
  });
}

/** Options of a choice, a state or a status. */
export function readOptionSet(optionSet: XmlNode, language: string): readonly ChoiceOption[] {
  const elements = ['option', 'state', 'status'].flatMap((name) => descendants(optionSet, name));
  return elements.flatMap((element): ChoiceOption[] => {
    const value = Number(element.attributes['value']);
    if (!Number.isSafeInteger(value)) return [];
    const label = labelIn(childNamed(element, 'labels'), language) ?? String(value);
    const state = element.attributes['state'];
    const defaultStatus = element.attributes['defaultstatus'];
    return [
      {
        value,
        label,
        ...(state === undefined ? {} : { state: Number(state) }),
        ...(defaultStatus === undefined ? {} : { defaultStatus: Number(defaultStatus) }),
      },
    ];
  });
}
