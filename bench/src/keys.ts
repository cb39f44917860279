import { fileURLToPath } from 'node:url';
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import type { Report } from './report.ts';

const simulator = fileURLToPath(new URL('../../apps/simulator/', import.meta.url));
const columns = 100;
const rows = 30;
/** Of 150,000 rows of the sample about 100,000 belong on the first user's device. */
const sampleRows = 150_000;
const idleKeys = 200;

/**
 * Milliseconds from a key to the changed screen, in a real terminal, while about 100,000 rows are downloaded and the
 * organization runs in the same process; against the same keys afterwards.
 */
export async function keys(report: Report): Promise<void> {
  const screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const args = ['--import', 'tsx', 'src/main.tsx', '--memory', '--rows', String(sampleRows)];
  const { CI: _, ...env } = process.env;
  const program = spawn(process.execPath, args, { cols: columns, rows, cwd: simulator, env });
  let onChange: () => void = () => undefined;
  program.onData((data) => screen.write(data, () => onChange()));
  const textOf = () =>
    Array.from(
      { length: rows },
      (_row, i) => screen.buffer.active.getLine(i)?.translateToString(true) ?? '',
    ).join('\n');
  const until = (holds: (text: string) => boolean) =>
    new Promise<string>((resolve) => {
      onChange = () => {
        const text = textOf();
        if (holds(text)) resolve(text);
      };
      onChange();
    });
  try {
    await until((text) => text.includes('enter: use what is here'));
    program.write('\r');
    await until((text) => text.includes('Field Sales and Service'));
    const busy: number[] = [];
    let received = '0';
    while (!textOf().includes(') Connected')) {
      busy.push(await press(program, until));
      received = /([\d,]+) rows downloaded/.exec(textOf())?.[1] ?? received;
    }
    const idle: number[] = [];
    while (idle.length < idleKeys) idle.push(await press(program, until));
    const name = (metric: string) => `${metric} of ${busy.length} keys while ${received} rows came`;
    const peerName = 'same key, idle';
    for (const [metric, part] of [
      ['p50', 0.5],
      ['p95', 0.95],
      ['p99', 0.99],
    ] as const) {
      const ours = quantile(busy, part);
      const peer = quantile(idle, part);
      report({ bench: 'keys', case: name(metric), metric, unit: 'ms', ours, peer, peerName });
    }
  } finally {
    program.kill();
  }
}

/** Moves the selection between the first two tables and waits until it is seen there. */
async function press(
  program: IPty,
  until: (holds: (text: string) => boolean) => Promise<string>,
): Promise<number> {
  const first = /^ > +Accounts/m;
  const second = /^ > +Contacts/m;
  const now = await until((text) => first.test(text) || second.test(text));
  const isFirst = first.test(now);
  const start = performance.now();
  program.write(isFirst ? 'j' : 'k');
  await until((text) => (isFirst ? second : first).test(text));
  const ms = performance.now() - start;
  await new Promise((resolve) => setTimeout(resolve, 20));
  return ms;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
