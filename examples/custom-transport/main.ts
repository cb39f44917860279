/** The protocol over lines of a socket instead of HTTP: npx -y pnpm@12.21.0 -C examples custom-transport */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { openDevice } from '@outpost/device';
import { memoryStorage } from '@outpost/device/node';
import { staticToken } from '@outpost/sync/http';
import { sampleOrganization } from '../sample-organization.ts';
import { answerLines, lineTransport } from './line-transport.ts';

const organization = await sampleOrganization(300);
const server = createServer((socket) => answerLines(socket, organization)).listen(0, '127.0.0.1');
await once(server, 'listening');
const line = connect((server.address() as AddressInfo).port, '127.0.0.1');

const device = await openDevice({
  storage: memoryStorage('line'),
  transport: lineTransport(line, staticToken('token-ana')),
});
const first = await device.sync.run('DELTA_SYNC');
console.log(`first sync: ${first.kind}, ${device.store.count('account')} accounts`);

device.create('account', { name: 'Over the wire' });
await device.sync.run('DELTA_SYNC');
console.log(`waiting: ${device.sync.currentStatus.pending.updates}`);

device.create('account', { name: 'Not over a cut wire' });
line.destroy();
const cut = await device.sync.run('DELTA_SYNC');
console.log(`cut: ${cut.kind === 'failed' ? cut.failure.message : cut.kind}`);
console.log(`waiting: ${device.sync.currentStatus.pending.updates}`);

await device.close();
server.close();
await organization.close();
