import { join } from 'node:path';
import { type Arguments, numberOption, textOption } from '../arguments.ts';
import { runSiege } from '../siege/siege.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { UsageError } from '../usage-error.ts';

/** Honest devices and hostile users against one process, on each store. Exit code 1: something did not hold. */
export async function siegeCommand({ values }: Arguments): Promise<number> {
  const address = textOption(values, 'store') ?? process.env['OUTPOST_POSTGRES'] ?? null;
  const seconds = ranged(values, 'seconds', 60, 86_400);
  const devices = ranged(values, 'devices', 5, 100);
  const isJson = values['json'] === true;
  const folder = temporaryFolder('outpost-siege-');
  const places: (readonly [string, string])[] = [['node:sqlite', join(folder.path, 'siege.db')]];
  if (address !== null) places.push(['PostgreSQL', inSchema(address)]);
  let isOk = true;
  try {
    for (const [store, place] of places) {
      if (!isJson) console.log(`${store}:`);
      const verdict = await runSiege({
        place,
        devices,
        seconds,
        rows: numberOption(values, 'rows', 2000),
        seed: numberOption(values, 'seed', 1),
        onProgress: (text) => {
          if (!isJson) console.log(`  ${text}`);
        },
      });
      isOk &&= verdict.ok;
      if (isJson) {
        console.log(JSON.stringify({ type: 'verdict', store, ...verdict }));
        continue;
      }
      for (const { name, ok, text } of verdict.checks) {
        console.log(`  ${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(8)} ${text}`);
      }
      const answers = Object.entries(verdict.answers).map(([status, n]) => `${n} x ${status}`);
      console.log(`       hostile  ${answers.join(', ') || 'no answers'}`);
    }
    if (address === null && !isJson) {
      console.log('PostgreSQL: not besieged; name one with --store postgres://user@host/database');
    }
    if (!isJson) console.log(isOk ? 'The siege was withstood.' : 'NOT as it should be.');
    return isOk ? 0 : 1;
  } finally {
    folder.close();
  }
}

/** A schema that only this run uses, unless one is named. */
function inSchema(address: string): string {
  if (!URL.canParse(address)) {
    throw new UsageError('--store takes an address such as postgres://user@host/database.');
  }
  const url = new URL(address);
  if (!url.searchParams.has('schema')) {
    url.searchParams.set('schema', `outpost_siege_${process.pid}`);
  }
  return url.href;
}

function ranged(values: Arguments['values'], name: string, preset: number, most: number): number {
  const given = numberOption(values, name, preset);
  if (given >= 1 && given <= most) return given;
  throw new UsageError(`--${name} is from 1 to ${most}.`);
}
