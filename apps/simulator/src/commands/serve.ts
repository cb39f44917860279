import { type Arguments, numberOption, textOption } from '../arguments.ts';
import { openWorld } from '../world/world.ts';
import { interactiveWorld } from './interactive-world.ts';

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
