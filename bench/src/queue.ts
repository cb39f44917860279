/** What does an edit cost while many others wait to be sent, against the same edit while few wait? */
import { type Device, openDevice } from '@outpost/device';
import { generateRows, sampleApp, sampleUsers } from '@outpost/sample';
import { createServer, tokenList } from '@outpost/server';
import { listen, sqliteStore } from '@outpost/server/node';
import { memoryStorage } from '@outpost/store/node';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { seededRandom, testSystem } from '@outpost/testkit';
import { medians, type Report } from './report.ts';

const few = 10;
const numbers = [1000, Number(process.env['BENCH_EDITS'] ?? 50_000)];
const runs = 300;

export async function queue(report: Report): Promise<void> {
  const system = testSystem(1);
  const organization = await createServer({
    store: sqliteStore(null),
    model: sampleApp,
    auth: tokenList(new Map([['token', sampleUsers.ana.id]])),
    system,
  });
  await organization.load(
    generateRows({ random: seededRandom(1), now: system.clock.now(), rows: 300 }),
  );
  const server = await listen(organization);
  const open = async (seed: number): Promise<Device> => {
    const device = await openDevice({
      storage: memoryStorage(),
      transport: httpTransport({ url: server.url, tokens: staticToken('token') }),
      system: testSystem(seed),
    });
    const result = await device.sync.run('FIRST_SYNC');
    if (result.kind !== 'done') throw new Error(JSON.stringify(result));
    return device;
  };
  const edit = (device: Device, run: number) => {
    const saved = device.create('account', { name: `Row ${run}` });
    if (saved.kind === 'refused') throw new Error(JSON.stringify(saved.reasons));
  };
  const [short, long] = [await open(2), await open(3)];
  try {
    for (let i = 0; i < few; i++) edit(short, i);
    let made = 0;
    for (const number of numbers) {
      for (; made < number; made++) edit(long, made);
      const { ours, peer } = medians(runs, 20, {
        ours: (run) => edit(long, run),
        peer: (run) => edit(short, run),
      });
      report({
        bench: 'queue',
        case: `an edit while ${number} wait`,
        metric: 'time',
        unit: 'ms',
        ours,
        peer,
        peerName: 'while few wait',
      });
    }
  } finally {
    await short.close();
    await long.close();
    await server.close();
    await organization.close();
  }
}
