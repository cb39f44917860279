// Adds up the test reports of all workspaces and the steps of .ci/run. The last line is for machines.
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
let passed = 0;
let failed = 0;
let skipped = 0;
for (const folder of folders) {
  const manifest = join(folder, 'package.json');
  if (
    !existsSync(manifest) ||
    JSON.parse(readFileSync(manifest, 'utf8')).scripts?.test === undefined
  )
    continue;
  const file = join(folder, '.results/vitest.json');
  if (!existsSync(file)) {
    console.log(`${folder}: no test report`);
    failed += 1;
    continue;
  }
  const report = JSON.parse(readFileSync(file, 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests || (report.success ? 0 : 1);
  skipped += report.numPendingTests ?? 0;
  for (const suite of report.testResults) {
    for (const test of suite.assertionResults) {
      if (test.status === 'failed') console.log(`failed: ${folder}: ${test.fullName}`);
      if (test.status === 'skipped' || test.status === 'pending')
        console.log(`skipped: ${folder}: ${test.fullName}`);
    }
  }
}
for (const { name, ok } of steps) {
  console.log(`${name}: ${ok ? 'ok' : 'failed'}`);
  if (!ok && !(name === 'test' && failed > 0)) failed += 1;
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;
