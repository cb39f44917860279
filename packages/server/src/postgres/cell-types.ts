import pg from 'pg';

const { builtins } = pg.types;
const numbers: ReadonlySet<number> = new Set([
  builtins.INT2,
  builtins.INT4,
  builtins.INT8,
  builtins.FLOAT4,
  builtins.FLOAT8,
  builtins.NUMERIC,
]);

/** Values of results as cells: numbers, texts, and booleans as 1 and 0. Whole numbers are exact up to 2^53. */
export const cellTypes: pg.CustomTypesConfig = {
  getTypeParser: (id: number) => {
    if (numbers.has(id)) return Number;
    if (id === builtins.BOOL) return (text: string) => (text === 't' ? 1 : 0);
    return String;
  },
};
