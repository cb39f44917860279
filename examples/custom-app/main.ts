/** An organization and a device for an app of one's own, without Dataverse: npx -y pnpm@12.21.0 -C examples custom-app */
import { openDevice, platformSystem } from '@outpost/device';
import { memoryStorage } from '@outpost/device/node';
import { rowOf } from '@outpost/model';
import { createServer, tokenList } from '@outpost/server';
import { listen, sqliteStore } from '@outpost/server/node';
import { httpTransport, staticToken } from '@outpost/sync/http';
import { inspection, inspectionApp } from './app.ts';

const user = 'a0000000-0000-4000-8000-000000000001';
const unit = { table: 'businessunit', id: 'b0000000-0000-4000-8000-000000000001', name: 'Field' };
const owner = { table: 'systemuser', id: user, name: 'Iris Holm' };
const harbour = 'f0000000-0000-4000-8000-000000000001';

const organization = await createServer({
  store: sqliteStore(null),
  model: inspectionApp,
  auth: tokenList(new Map([['token-iris', user]])),
  system: platformSystem,
});
await organization.load([
  { table: 'businessunit', id: unit.id, values: { name: unit.name } },
  {
    table: 'systemuser',
    id: user,
    values: { fullname: 'Iris Holm', businessunitid: unit, isdisabled: false },
  },
  {
    table: 'systemuserroles',
    id: 'a1000000-0000-4000-8000-000000000001',
    values: { systemuserid: owner, roleid: 'dddddddd-0000-4000-8000-000000000001' },
  },
  { table: 'new_site', id: harbour, values: { new_name: 'Harbour 7', ownerid: owner } },
]);
const server = await listen(organization);

const device = await openDevice({
  storage: memoryStorage('iris'),
  transport: httpTransport({ url: server.url, tokens: staticToken('token-iris') }),
});
await device.sync.run('DELTA_SYNC');
console.log(`sites on the device: ${device.store.count('new_site')}`);

const form = device.openForm('new_inspection', null);
form.set('new_subject', 'Crane 2');
form.set('new_siteid', { table: 'new_site', id: harbour });
form.set('new_result', 'Failed');
const refused = form.save();
if (refused.kind === 'refused') console.log(`refused: ${refused.reasons[0]?.message}`);
form.set('new_remark', 'The hook is worn.');
console.log(`saved offline: ${form.save().kind}`);

const [view] = device.views('new_inspection');
const found = device.queries.run({ view: view?.view.id ?? '' });
if (found.kind === 'ok') console.log(`${view?.view.name}: ${found.value.total}`);

// What code writes is checked by the compiler against the table.
device.create('new_inspection', rowOf(inspection, { new_subject: 'Crane 3', new_result: 1 }));

await device.sync.run('DELTA_SYNC');
console.log(`on the server: ${await organization.count('new_inspection')}`);
await device.close();
await server.close();
await organization.close();
