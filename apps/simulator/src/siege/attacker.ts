// A hostile user, on a thread of its own: sends what `attacks` says, so many requests at a time, until it is ended.
import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { type Attack, attacksOf } from './attacks.ts';

interface Work {
  readonly url: string;
  readonly user: string;
  readonly app: string;
}

const { url, user, app } = workerData as Work;
const atATime = 10;
const agent = new Agent({ keepAlive: true });

/** The status; 0: the connection ended. */
function send({ method, path, type, body, unread }: Attack): Promise<number> {
  return new Promise((resolve) => {
    const call = request(
      `${url}${path}`,
      {
        method,
        ...(unread === true ? {} : { agent }),
        headers: {
          authorization: `Bearer ${user}`,
          ...(type === undefined ? {} : { 'content-type': type }),
        },
      },
      (response) => {
        if (unread === true) response.pause();
        else response.resume();
        if (unread === true) return resolve(response.statusCode ?? 0);
        response.on('end', () => resolve(response.statusCode ?? 0));
        response.on('error', () => resolve(0));
      },
    );
    call.on('error', () => resolve(0));
    call.end(body);
  });
}

async function attackOn(attacks: readonly Attack[], from: number): Promise<never> {
  for (let n = from; ; n++) {
    const attack = attacks[n % attacks.length];
    if (attack !== undefined) parentPort?.postMessage(await send(attack));
  }
}

const attacks = attacksOf(user, app);
for (let n = 0; n < atATime; n++) void attackOn(attacks, n);
