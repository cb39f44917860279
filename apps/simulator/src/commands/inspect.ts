import { readDataPackage, readSolution } from '@outpost/solution';
import { type Arguments, textOption } from '../arguments.ts';
import { readPackageFile } from '../world/read-package-file.ts';
import { userPath } from './run.ts';

/** Prints what a solution and a data package hold. */
export function inspectCommand({ operand, values }: Arguments): number {
  const dataFile = textOption(values, 'data');
  const solution = readPackageFile(userPath(operand ?? ''), readSolution);
  const data =
    dataFile === null
      ? null
      : readPackageFile(userPath(dataFile), (bytes) => readDataPackage(bytes, solution.model));
  const diagnostics = [...solution.diagnostics, ...(data?.diagnostics ?? [])];
  const { counts, uniqueName, version, managed } = solution;
  if (values['json'] === true) {
    const rows =
      data === null
        ? null
        : {
            rows: data.rows.length,
            associations: data.associations.length,
            rowsByTable: data.rowsByTable,
          };
    console.log(
      JSON.stringify({
        solution: uniqueName,
        version,
        managed,
        ...counts,
        data: rows,
        diagnostics,
      }),
    );
    return 0;
  }
  console.log(`Solution ${uniqueName} ${version} (${managed ? 'managed' : 'unmanaged'})`);
  for (const [name, value] of Object.entries(counts)) {
    console.log(
      `  ${name.padEnd(22)} ${typeof value === 'number' ? value : JSON.stringify(value)}`,
    );
  }
  if (data !== null) {
    console.log(
      `Data package: ${data.rows.length} rows in ${Object.keys(data.rowsByTable).length} tables, ${data.associations.length} associations`,
    );
    for (const [table, count] of Object.entries(data.rowsByTable))
      console.log(`  ${table.padEnd(44)} ${count}`);
  }
  console.log(`${diagnostics.length} findings`);
  for (const { severity, code, message, location } of diagnostics)
    console.log(`  ${severity} ${code}: ${message} (${location})`);
  return 0;
}
