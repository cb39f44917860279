/** Writes rows until it is killed; says how many commits it made. Arguments: folder, seed. */
import { writeSync } from 'node:fs';
import { fileStorage } from '@outpost/store/node';
import { seededRandom } from '@outpost/testkit';
import { RandomWrites } from './random-writes.ts';
import { openWorld } from './world.ts';

const [folder = '', seed = '1'] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);

const world = await openWorld({ storage: fileStorage(folder, 'search'), sliceRows: 7 });
if (world.store.isLoading('contact')) world.store.finishLoad('contact');
world.clock.advance({ ms: 1 });
const differences = world.index.verify();
if (differences.length > 0) say(`BAD ${JSON.stringify(differences.slice(0, 5))}`);
const unready = world.index.currentStatus.filter((one) => one.state !== 'ready');
if (unready.length > 0) say(`BAD ${JSON.stringify(unready)}`);
say(`START ${world.store.count('contact')}`);
const writes = new RandomWrites(seededRandom(Number(seed)));
for (;;) {
  writes.step(world);
  if (writes.writes % 20 === 0) say(`DID ${writes.writes}`);
}
