import { gateway } from './gateway.ts';
import { keys } from './keys.ts';
import { liveViews } from './live-views.ts';
import { query } from './query.ts';
import { queue } from './queue.ts';
import { costRatio, type Report } from './report.ts';
import { rules } from './rules.ts';
import { search } from './search.ts';
import { server } from './server.ts';
import { store } from './store.ts';
import { sync } from './sync.ts';

const benches: Readonly<Record<string, (report: Report) => Promise<void>>> = {
  store,
  gateway,
  query,
  'live-views': liveViews,
  search,
  rules,
  sync,
  queue,
  server,
  keys,
};

const args = process.argv.slice(2).filter((arg) => arg !== '--');
const json = args.includes('--json');
const [name] = args.filter((arg) => !arg.startsWith('--'));
/** Names longer than this push their line to the right. */
const nameWidth = 48;
const bench = name !== undefined && Object.hasOwn(benches, name) ? benches[name] : undefined;
if (bench === undefined) {
  console.error(
    `Usage: npm run bench -- NAME [--json]\nBenchmarks: ${Object.keys(benches).join(', ')}`,
  );
  process.exitCode = 2;
} else {
  if (!json)
    console.log(`${''.padEnd(nameWidth)} ${'ours'.padStart(14)} ${'peer'.padStart(14)}    ratio`);
  await bench((measure) => {
    const ratio = costRatio(measure);
    if (json) {
      console.log(JSON.stringify({ ...measure, ratio }));
      return;
    }
    const { ours, peer, unit, peerName } = measure;
    const cell = (value: number) => `${value.toFixed(value < 1 ? 3 : 2)} ${unit}`.padStart(14);
    console.log(
      `${measure.case.padEnd(nameWidth)} ${cell(ours)} ${cell(peer)} ${String(ratio).padStart(8)}  ${peerName}`,
    );
  });
  // Some of the peers keep timers that nobody can stop.
  process.exit();
}
