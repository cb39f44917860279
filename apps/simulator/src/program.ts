import { helpText, parseArguments } from './arguments.ts';
import { isTerminal } from './is-terminal.ts';
import { UsageError } from './usage-error.ts';

/** Runs the program with the words of its command line; answers the exit code. */
export async function program(args: readonly string[]): Promise<number> {
  try {
    return await command(args);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`outpost: ${error.message}\nTry --help.`);
      return 2;
    }
    const known = error as { code?: unknown; fix?: unknown; message?: unknown };
    const text = typeof known.fix === 'string' ? `${String(known.message)} ${known.fix}` : error;
    console.error('outpost:', text);
    return known.code === 'store.locked' ? 2 : 1;
  }
}

/** Loads only the command that is asked for. */
async function command(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(args);
  if (parsed.values['help'] === true) {
    process.stdout.write(helpText(parsed.command));
    return 0;
  }
  switch (parsed.command) {
    case 'run':
      return (await import('./commands/run.ts')).runCommand(parsed);
    case 'inspect':
      return (await import('./commands/inspect.ts')).inspectCommand(parsed);
    case 'conformance':
      return (await import('./commands/conformance.ts')).conformanceCommand(parsed);
    case 'schema':
      return (await import('./commands/schema.ts')).schemaCommand(parsed);
    case 'fleet':
      return (await import('./commands/fleet.ts')).fleetCommand(parsed);
    case 'siege':
      return (await import('./commands/siege.ts')).siegeCommand(parsed);
    case 'fuzz':
      return (await import('./commands/fuzz.ts')).fuzzCommand(parsed);
    case 'replay':
      return (await import('./commands/replay.tsx')).replayCommand(parsed);
    case 'serve':
      return (await import('./commands/serve.ts')).serveCommand(parsed);
    case 'tour':
      return (await import('./commands/tour.tsx')).tourCommand(parsed);
    case 'device': {
      if (!isTerminal()) {
        const given = parsed.values['solution'] !== undefined;
        return (await import('./commands/run.ts')).runCommand({
          ...parsed,
          command: 'run',
          operand: given ? 'first-sync' : 'field-day',
        });
      }
      return (await import('./commands/device.tsx')).deviceCommand(parsed);
    }
    default:
      return parsed.command satisfies never;
  }
}
