// Adds up the test reports of all workspaces, short and long, and the steps of .ci/run. The last line is for machines.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const steps = process.argv.slice(2).map((text) => {
  const at = text.lastIndexOf(':');
  return { name: text.slice(0, at), ok: text.slice(at + 1) === '0' };
});
const folders = ['packages', 'apps', 'tools'].flatMap((parent) =>
  existsSync(parent) ? readdirSync(parent).map((name) => join(parent, name)) : [],
);
folders.push('bench', 'examples');
const total = { passed: 0, failed: 0, skipped: 0 };

function add(folder, file) {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  total.passed += report.numPassedTests;
  total.failed += report.numFailedTests || (report.success ? 0 : 1);
  total.skipped += report.numPendingTests ?? 0;
  for (const suite of report.testResults)
    for (const test of suite.assertionResults)
      if (test.status === 'failed' || test.status === 'skipped' || test.status === 'pending')
        console.log(`${test.status}: ${folder}: ${test.fullName}`);
}

for (const folder of folders) {
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) continue;
  if (JSON.parse(readFileSync(manifest, 'utf8')).scripts?.test === undefined) continue;
  const short = join(folder, '.results/vitest.json');
  if (existsSync(short)) add(folder, short);
  else {
    console.log(`${folder}: no test report`);
    total.failed += 1;
  }
  const long = join(folder, '.results/vitest-long.json');
  if (existsSync(long)) add(`${folder}, long`, long);
}
for (const { name, ok } of steps) {
  console.log(`${name}: ${ok ? 'ok' : 'failed'}`);
  // What failed in tests is counted above.
  if (!ok && !((name === 'test' || name === 'long') && total.failed > 0)) total.failed += 1;
}
const { passed, failed, skipped } = total;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;
