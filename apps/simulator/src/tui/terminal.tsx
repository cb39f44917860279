import { render } from 'ink';
import { App, type AppProps, Guard } from './app.tsx';
import type { Desk } from './desk.ts';
import type { Look } from './look.ts';

export interface Shown {
  /** Ends the program with this exit code. */
  readonly quit: (code: number) => void;
}

/**
 * Shows a desk on the terminal until its user leaves; answers the exit code: 0, 130 after ctrl-c, 143 after SIGTERM. The
 * terminal is as it was before, also when drawing fails.
 */
export async function showOnTerminal(
  look: Look,
  open: (shown: Shown) => { readonly desk: Desk } & Omit<AppProps, 'look' | 'desk'>,
): Promise<number> {
  let code = 0;
  let failure: { readonly error: unknown } | null = null;
  let leave: () => void = () => undefined;
  const quit = (exitCode: number) => {
    code = exitCode;
    leave();
  };
  const { desk, ...props } = open({ quit });
  const onFailure = (error: unknown) => {
    failure = { error };
    leave();
  };
  const app = render(
    <Guard onFailure={onFailure}>
      <App desk={desk} look={look} {...props} />
    </Guard>,
    {
      alternateScreen: !look.screenReader,
      exitOnCtrlC: false,
      maxFps: 60,
      patchConsole: false,
      interactive: true,
      isScreenReaderEnabled: look.screenReader,
    },
  );
  leave = () => app.unmount();
  const onTerm = () => quit(143);
  const onInt = () => quit(130);
  process.once('SIGTERM', onTerm);
  process.once('SIGHUP', onTerm);
  process.once('SIGINT', onInt);
  try {
    await app.waitUntilExit();
  } finally {
    process.off('SIGTERM', onTerm);
    process.off('SIGHUP', onTerm);
    process.off('SIGINT', onInt);
    desk.close();
  }
  const failed = failure as { readonly error: unknown } | null;
  if (failed !== null) throw failed.error;
  return code;
}
