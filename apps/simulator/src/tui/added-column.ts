import type { AppModel, Column } from '@outpost/model';

/** Column that the desk adds to a table and takes away again. */
export const addedColumn = 'new_deskremark';

/** The app with the column on the table and first on its form. */
export function withColumn(model: AppModel, name: string): AppModel {
  const column: Column = {
    name: addedColumn,
    label: 'Desk Remark',
    type: 'string',
    required: 'none',
    maxLength: 100,
  };
  return {
    ...model,
    tables: model.tables.map((table) =>
      table.name === name ? { ...table, columns: [...table.columns, column] } : table,
    ),
    forms: model.forms.map((form) => {
      const [first, ...tabs] = form.tabs;
      const [section, ...sections] = first?.sections ?? [];
      if (
        form.table !== name ||
        form.type !== 'main' ||
        first === undefined ||
        section === undefined
      )
        return form;
      const controls = [...section.controls, { column: addedColumn, label: column.label }];
      return {
        ...form,
        tabs: [{ ...first, sections: [{ ...section, controls }, ...sections] }, ...tabs],
      };
    }),
  };
}

/** The app as it was before. */
export function withoutColumn(model: AppModel, name: string): AppModel {
  const isOther = (one: { readonly column: string }) => one.column !== addedColumn;
  return {
    ...model,
    tables: model.tables.map((table) =>
      table.name === name
        ? { ...table, columns: table.columns.filter((one) => one.name !== addedColumn) }
        : table,
    ),
    forms: model.forms.map((form) =>
      form.table !== name
        ? form
        : {
            ...form,
            tabs: form.tabs.map((tab) => ({
              ...tab,
              sections: tab.sections.map((section) => ({
                ...section,
                controls: section.controls.filter(isOther),
              })),
            })),
          },
    ),
  };
}
