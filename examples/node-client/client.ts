/**
 * A client on Node: syncs an app to files, shows a view that stays current, edits, uploads.
 *
 *   npm start -- serve --port 4040
 *   npx -y pnpm@12.21.0 -C examples node-client http://127.0.0.1:4040 token-ana
 */
import { openDevice } from '@outpost/device';
import { fileStorage } from '@outpost/device/node';
import { httpTransport, staticToken } from '@outpost/sync/http';

const [url = 'http://127.0.0.1:4040', token = 'token-ana', folder = './outpost-client'] =
  process.argv.slice(2);

const device = await openDevice({
  storage: fileStorage(folder, 'client'),
  transport: httpTransport({ url, tokens: staticToken(token) }),
});
device.sync.progress.subscribe((progress) => {
  if (progress !== null) console.log(`${progress.phase}: ${progress.rows.done} rows`);
});
const synced = await device.sync.run('DELTA_SYNC');
// Without network the device works on with what it has; only the very first time it needs one.
if (synced.kind === 'failed') console.error(synced.failure.message);
await device.ready;

const view = device.views('account').find((one) => one.view.isDefault)?.view;
device.live({ view: view?.id ?? '' }, { limit: 5, offset: 0 }).subscribe(({ total, rows }) => {
  console.log(`${view?.name}: ${total} rows, first ${String(rows[0]?.values['name'])}`);
});

const saved = device.create('account', {
  name: 'Aardvark Adventures',
  telephone1: '+47 555 00 00',
});
if (saved.kind === 'refused') console.error(saved.reasons.map((one) => one.message).join(' '));

await device.sync.run('DELTA_SYNC');
const { pending, errors } = device.sync.currentStatus;
console.log(`${pending.updates} edits wait, ${errors} sync errors`);
await device.close();
