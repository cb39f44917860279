// Runs a command with a PostgreSQL to test with.
import { spawn } from 'node:child_process';
import { openPostgres } from './postgres.mjs';

const [command, ...args] = process.argv.slice(2);
const { env, stop } = await openPostgres();
const child = spawn(command, args, { stdio: 'inherit', env, shell: process.platform === 'win32' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  stop();
  process.exitCode = code ?? (signal === null ? 1 : 130);
});
child.on('error', (error) => {
  stop();
  console.error(error.message);
  process.exitCode = 1;
});
