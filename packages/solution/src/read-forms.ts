import { type Form, type FormTab, parseGuid } from '@outpost/model';
import {
  childNamed,
  childrenNamed,
  descendants,
  labelIn,
  textOf,
  type XmlNode,
} from './xml/xml-tree.ts';

const formTypes: Readonly<Record<string, Form['type']>> = {
  main: 'main',
  quick: 'quickView',
  quickCreate: 'quickCreate',
  card: 'card',
  mobile: 'mobile',
};

/** Forms below an element, of one table; `type` is Dataverse's name of the form type. */
export function readForms(
  parent: XmlNode | undefined,
  table: string,
  language: string,
): readonly { readonly form: Form; readonly type: string }[] {
  return childrenNamed(parent, 'forms').flatMap((group) => {
    const type = group.attributes['type'] ?? '';
    return childrenNamed(group, 'systemform').map((node) => ({
      type,
      form: {
        id: parseGuid(textOf(node, 'formid')) ?? textOf(node, 'formid'),
        name: labelIn(childNamed(node, 'LocalizedNames'), language) ?? 'Form',
        table,
        type: formTypes[type] ?? 'other',
        tabs: readTabs(childNamed(node, 'form'), language),
      },
    }));
  });
}

function readTabs(form: XmlNode | undefined, language: string): readonly FormTab[] {
  return childrenNamed(childNamed(form, 'tabs'), 'tab').map((tab) => ({
    label: labelIn(childNamed(tab, 'labels'), language) ?? '',
    sections: descendants(tab, 'section').map((section) => ({
      label: labelIn(childNamed(section, 'labels'), language) ?? '',
      controls: descendants(section, 'cell').flatMap((cell) => {
        const control = childNamed(cell, 'control');
        const column = control?.attributes['datafieldname'];
        if (control === undefined || column === undefined) return [];
        return [
          {
            column,
            label: labelIn(childNamed(cell, 'labels'), language) ?? '',
            ...(control.attributes['disabled'] === 'true' ? { readOnly: true } : {}),
            ...(cell.attributes['visible'] === 'false' ? { hidden: true } : {}),
          },
        ];
      }),
    })),
  }));
}
