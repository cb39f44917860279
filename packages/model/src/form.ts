/** A form as tabs and sections of columns. */
export interface Form {
  readonly id: string;
  readonly name: string;
  readonly table: string;
  readonly type: 'main' | 'quickCreate' | 'quickView' | 'card' | 'mobile' | 'other';
  readonly tabs: readonly FormTab[];
}

export interface FormTab {
  readonly label: string;
  readonly sections: readonly FormSection[];
}

export interface FormSection {
  readonly label: string;
  readonly controls: readonly FormControl[];
}

export interface FormControl {
  readonly column: string;
  readonly label: string;
  readonly readOnly?: boolean;
  readonly hidden?: boolean;
}

/** Columns of a form in reading order, without repetition. */
export function formColumns(form: Form): readonly string[] {
  const names = form.tabs.flatMap((tab) =>
    tab.sections.flatMap((section) => section.controls.map((control) => control.column)),
  );
  return [...new Set(names)];
}
