import { sampleWorld, type WorldApp } from '@outpost/simulation';
import { importApp, importUser } from './imported-app.ts';

/** The app that runs are made of: the sample, or a solution with its data. */
export function fuzzApp(solution: string | null, data: string | null): WorldApp {
  if (solution === null) return sampleWorld();
  const imported = importApp(solution, data);
  return {
    name: solution,
    model: imported.model,
    rows: () => imported.rows,
    users: [importUser.id],
    webUsers: [importUser.id],
  };
}
