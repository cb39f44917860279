import { render } from 'ink';
import type { Arguments } from '../arguments.ts';
import { App } from '../tui/app.tsx';
import { AppStore } from '../tui/app-store.ts';
import { openWorld } from '../world/world.ts';
import { interactiveWorld } from './serve.ts';

/** The interactive device. Its first sync starts, or resumes, by itself. */
export async function deviceCommand({ values }: Arguments): Promise<number> {
  const tell = (message: string) => process.stderr.write(`\r\x1b[2K${message}`);
  const world = await openWorld(interactiveWorld(values, tell));
  process.stderr.write('\n');
  let code = 0;
  try {
    const opened = await world.openDevice({
      name: 'phone',
      user: 'ana',
      start: 'auto',
      online: values['offline'] !== true,
      pageRows: 500,
    });
    let exit: () => void = () => undefined;
    const store = new AppStore(world, opened, () => exit());
    const color = process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb';
    const app = render(<App store={store} color={color} />, {
      alternateScreen: true,
      exitOnCtrlC: false,
      maxFps: 20,
      patchConsole: false,
      interactive: true,
    });
    exit = () => app.unmount();
    const stop = (signalCode: number) => () => {
      code = signalCode;
      app.unmount();
    };
    process.once('SIGTERM', stop(143));
    process.once('SIGINT', stop(130));
    await app.waitUntilExit();
    store.close();
  } finally {
    await world.close();
  }
  return code;
}
