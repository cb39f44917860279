import { enableCompileCache } from 'node:module';
import { program } from './program.ts';

// A program that is started often is compiled once.
enableCompileCache();

// React takes its development build where nothing is said, which draws more slowly.
process.env['NODE_ENV'] ??= 'production';

// `outpost ... | head` ends quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? 0 : 1),
);

process.exitCode = await program(process.argv.slice(2));
