import { configureGlobal } from 'fast-check';

/** What properties are tried with is the same in every run; `OUTPOST_SEED` asks for something else. */
configureGlobal({ seed: Number(process.env['OUTPOST_SEED'] ?? 1) });
