import { platformSystem } from '@outpost/device';
import { type Arguments, numberOption, textOption } from '../arguments.ts';
import { openWorld, type WorldOptions } from '../world/world.ts';
import { userPath } from './run.ts';

/** World options as the command line gives them; files in `.outpost` unless told otherwise. */
export function interactiveWorld(
  values: Arguments['values'],
  onProgress: (message: string) => void,
): WorldOptions {
  const path = (name: string) => {
    const text = textOption(values, name);
    return text === null ? null : userPath(text);
  };
  return {
    rows: numberOption(values, 'rows', 20_000),
    seed: numberOption(values, 'seed', 1),
    solution: path('solution'),
    data: path('data'),
    dir: path('dir') ?? userPath('.outpost'),
    fresh: values['fresh'] === true,
    system: platformSystem,
    onProgress,
  };
}

/** The organization alone, until interrupted. */
export async function serveCommand({ values }: Arguments): Promise<number> {
  const options = interactiveWorld(values, (message) => console.log(message));
  const store = textOption(values, 'store');
  const world = await openWorld({
    ...options,
    store,
    port: numberOption(values, 'port', 0),
    unlimited: values['no-limits'] === true,
    metrics: values['metrics'] === true,
  });
  console.log(`Outpost organization "${world.model.name}" at ${world.server.url}`);
  for (const [name, user] of world.users)
    console.log(`  ${name.padEnd(8)} ${user.name.padEnd(16)} bearer token: ${user.token}`);
  console.log(`  Web API  ${world.server.url}/api/data/v9.2`);
  console.log(
    `  sign-in  ${world.server.url}/oauth2/device (device codes; /.well-known/openid-configuration)`,
  );
  await new Promise<void>((done) => {
    process.once('SIGINT', done);
    process.once('SIGTERM', done);
  });
  await world.close();
  return 130;
}
