import { helpText, parseArguments } from './arguments.ts';
import { conformanceCommand } from './commands/conformance.ts';
import { deviceCommand } from './commands/device.tsx';
import { fleetCommand } from './commands/fleet.ts';
import { fuzzCommand } from './commands/fuzz.ts';
import { inspectCommand } from './commands/inspect.ts';
import { replayCommand } from './commands/replay.tsx';
import { runCommand } from './commands/run.tsx';
import { schemaCommand } from './commands/schema.ts';
import { serveCommand } from './commands/serve.ts';
import { tourCommand } from './commands/tour.tsx';
import { isTerminal } from './tui/terminal.tsx';
import { UsageError } from './usage-error.ts';

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(args);
  if (parsed.values['help'] === true) {
    process.stdout.write(helpText(parsed.command));
    return 0;
  }
  switch (parsed.command) {
    case 'run':
      return runCommand(parsed);
    case 'inspect':
      return inspectCommand(parsed);
    case 'conformance':
      return conformanceCommand(parsed);
    case 'schema':
      return schemaCommand(parsed);
    case 'fleet':
      return fleetCommand(parsed);
    case 'fuzz':
      return fuzzCommand(parsed);
    case 'replay':
      return replayCommand(parsed);
    case 'serve':
      return serveCommand(parsed);
    case 'tour':
      return tourCommand(parsed);
    case 'device': {
      if (!isTerminal()) {
        const given = parsed.values['solution'] !== undefined;
        return runCommand({
          ...parsed,
          command: 'run',
          operand: given ? 'first-sync' : 'field-day',
        });
      }
      return deviceCommand(parsed);
    }
    default:
      return parsed.command satisfies never;
  }
}

// `outpost ... | head` ends quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? 0 : 1),
);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`outpost: ${error.message}\nTry --help.`);
    process.exitCode = 2;
  } else {
    const known = error as { code?: unknown; fix?: unknown; message?: unknown };
    const text = typeof known.fix === 'string' ? `${String(known.message)} ${known.fix}` : error;
    console.error('outpost:', text);
    process.exitCode = known.code === 'store.locked' ? 2 : 1;
  }
}
