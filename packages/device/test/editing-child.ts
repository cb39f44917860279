/** Edits offline, types into a form of each row, and says so after each, until it is killed. Started by the kill test. */
import { httpTransport, staticToken } from '@outpost/sync/http';
import { BehaviorSubject } from 'rxjs';
import { openDevice } from '../src/index.ts';
import { fileStorage } from '../src/node/index.ts';

const [folder = ''] = process.argv.slice(2);
const device = await openDevice({
  storage: fileStorage(folder, 'device'),
  transport: httpTransport({ url: 'http://127.0.0.1:9', tokens: staticToken('token-ana') }),
  online: new BehaviorSubject(false),
});
for (let n = 0; ; n++) {
  const result = device.create('account', { name: `Offline ${n}` });
  if (result.kind !== 'saved') continue;
  device.openForm('account', result.id).set('telephone1', result.id.slice(0, 8));
  process.stdout.write(`${result.id}\n`);
}
