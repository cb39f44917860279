import { exportsOf } from './exports-of.ts';
import type { Extracted } from './extract.ts';

const constructed = 'an argument of a constructor that only the package calls';
const computed = 'a step of a type that is computed from the definition of a table';

/**
 * Types that public declarations lead to and that have no public name, on purpose: package, name, reason. Everything
 * else that can be reached can be named.
 */
const nameless: readonly (readonly [report: string, name: string, reason: string])[] = [
  ['device', 'Session', constructed],
  ['device', 'FormHost', constructed],
  ['model', 'OptionOf', computed],
  ['model', 'StandardValues', computed],
  ['model', 'TargetOf', computed],
  ['model', 'ValueTypes', computed],
  ['model', 'Writable', computed],
  ['query', 'LiveViews', constructed],
  ['rules', 'CompiledProgram', constructed],
  ['rules', 'LeftOut', constructed],
  ['search', 'SearchedTable', 'what the index tells `createSearch`; the way it is kept may change'],
  ['search', 'ServingIndex', 'what the index tells `createSearch`; the way it is kept may change'],
  ['simulation', 'DeviceWorld', constructed],
  ['simulation', 'Place', constructed],
  ['store', 'DeviceStoreOptions', constructed],
  ['store', 'WriteContext', constructed],
  ['sync', 'DescribedChange', 'an argument of what the engine records; others read the outbox'],
  ['sync', 'DocumentParts', constructed],
  ['sync', 'NewEntry', 'an argument of what the engine records; others read the outbox'],
];

/** Findings of API Extractor that somebody has to deal with, and rows of the table above that nothing needs any more. */
export function openFindings({ entries, findings, program }: Extracted): readonly string[] {
  const met = new Set<string>();
  const isNamed = (report: string, name: string) => {
    const own = entries.find((entry) => entry.report === report)?.package;
    const siblings = entries.filter((entry) => entry.package === own);
    return siblings.some((entry) => exportsOf(entry, program).some((one) => one.name === name));
  };
  const open = findings.filter(({ report, id, text }) => {
    if (id !== 'ae-forgotten-export') return true;
    // Several entry points of a package are reported one by one; a name that one of them exports is no secret.
    const name = text.split('"')[1] ?? '';
    if (isNamed(report, name)) return false;
    met.add(`${report} ${name}`);
    return !nameless.some(([where, what]) => where === report && what === name);
  });
  const unused = nameless.filter(([report, name]) => !met.has(`${report} ${name}`));
  return [
    ...open.map(({ report, id, text }) => `${report}: ${text} (${id})`),
    ...unused.map(
      ([report, name]) => `${report}: ${name} need not be in the table of nameless types`,
    ),
  ];
}
