// Asks for the health of a server ten times a second, on a thread of its own, and tells how long each answer took.
import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

const { url } = workerData as { readonly url: string };
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const everyMs = 100;

function probe(): void {
  const begun = performance.now();
  const call = request(`${url}/health`, { agent }, (response) => {
    response.resume();
    response.on('end', () => {
      parentPort?.postMessage({ ms: performance.now() - begun, status: response.statusCode });
      setTimeout(probe, everyMs);
    });
  });
  call.on('error', () => {
    parentPort?.postMessage({ ms: performance.now() - begun, status: 0 });
    setTimeout(probe, everyMs);
  });
  call.end();
}

probe();
