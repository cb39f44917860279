import {
  type Form,
  type FormControl,
  type FormSection,
  type FormTab,
  parseGuid,
} from '@outpost/model';
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

/** Class of the quick view control. */
const quickViewClass = '5c5600e0-1d6e-4205-a272-be80da87fd42';

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
  const tabs = childrenNamed(childNamed(form, 'tabs'), 'tab').map((tab) => ({
    label: labelIn(childNamed(tab, 'labels'), language) ?? '',
    sections: descendants(tab, 'section').map((section) => ({
      label: labelIn(childNamed(section, 'labels'), language) ?? '',
      controls: readControls(section, language),
    })),
  }));
  return withHeader(tabs, readControls(childNamed(form, 'header'), language));
}

/** Fields of the header that no tab shows come first. */
function withHeader(tabs: readonly FormTab[], header: readonly FormControl[]): readonly FormTab[] {
  const shown = new Set(
    tabs.flatMap((tab) =>
      tab.sections.flatMap((section) => section.controls.map((control) => control.column)),
    ),
  );
  const controls = header.filter((control) => !shown.has(control.column));
  if (controls.length === 0) return tabs;
  const [first = { label: '', sections: [] }, ...others] = tabs;
  const section: FormSection = { label: 'Header', controls };
  return [{ ...first, sections: [section, ...first.sections] }, ...others];
}

function readControls(parent: XmlNode | undefined, language: string): readonly FormControl[] {
  return descendants(parent, 'cell').flatMap((cell): FormControl[] => {
    const control = childNamed(cell, 'control');
    const column = control?.attributes['datafieldname'];
    if (control === undefined || column === undefined || isQuickView(control)) return [];
    return [
      {
        column,
        label: labelIn(childNamed(cell, 'labels'), language) ?? '',
        ...(control.attributes['disabled'] === 'true' ? { readOnly: true } : {}),
        ...(cell.attributes['visible'] === 'false' ? { hidden: true } : {}),
      },
    ];
  });
}

/** It shows the row that a lookup points at; the lookup is a field of its own. */
function isQuickView(control: XmlNode): boolean {
  return parseGuid(control.attributes['classid'] ?? '') === quickViewClass;
}
