import { fieldWorld, sampleWorld, type WorldApp } from '@outpost/simulation';
import { userPath } from '../commands/user-path.ts';
import { importApp, importUser } from './imported-app.ts';

/** The app that a replay file names: one of ours, or a solution. */
export function replayApp(name: string, data: string | null): WorldApp {
  if (name === 'sample') return sampleWorld();
  return fuzzApp(name === 'field' ? null : userPath(name), data);
}

/** The app that runs are made of: the sample, or a solution with its data. */
export function fuzzApp(solution: string | null, data: string | null): WorldApp {
  if (solution === null) return fieldWorld();
  const imported = importApp(solution, data);
  return {
    name: solution,
    model: imported.model,
    rows: () => imported.rows,
    users: [importUser.id],
    webUsers: [importUser.id],
  };
}
