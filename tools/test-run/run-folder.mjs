// One folder for all temporary files of a run. What a killed run left behind goes with the next one.
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const runFolderPrefix = 'outpost-test-';

/** Makes the folder of this process' run, and removes those whose process is gone. */
export function openRunFolder() {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(new RegExp(`^${runFolderPrefix}run-(\\d+)-`).exec(name)?.[1]);
    if (Number.isInteger(pid) && !isRunning(pid)) {
      const folder = join(tmpdir(), name);
      for (const left of processesOf(folder)) kill(left.pid);
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const path = mkdtempSync(join(tmpdir(), `${runFolderPrefix}run-${process.pid}-`));
  // A database server of somebody else's has to get through it.
  if (process.getuid?.() === 0) chmodSync(path, 0o711);
  return { path, close: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/**
 * Processes that were started with this folder for their temporary files, except this one. Linux tells; elsewhere the
 * list is empty.
 */
export function processesOf(folder) {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const environ = readFileSync(join('/proc', name, 'environ'), 'utf8').split('\0');
        if (!environ.includes(`TMPDIR=${folder}`)) return [];
        const command = readFileSync(join('/proc', name, 'cmdline'), 'utf8')
          .split('\0')
          .join(' ');
        return [{ pid: Number(name), command: command.trim() }];
      } catch {
        // It ended meanwhile, or is somebody else's.
        return [];
      }
    });
}

export function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
