import { expect, test } from 'vitest';
import { openInTerminal, openTerminal } from './open-terminal.ts';
import { built, temporaryFolder } from './program.ts';

test('a person syncs, goes offline, edits, comes back and reconciles; SIGTERM ends with 143, and what was edited is there at the next start, here in ASCII', async () => {
  const args = ['--dir', temporaryFolder(), '--rows', '100', '--offline'];
  const terminal = openTerminal(100, 30, ...args);
  await terminal.see('There is no network.');
  terminal.press('o');
  await terminal.see('Field Sales and Service');
  await terminal.see(/> +Accounts +\d+ rows/);
  await terminal.see(/\(⊕\) Connected/);
  terminal.press('o');
  await terminal.see(/\(⊖\) Not connected/);
  terminal.press('\r');
  await terminal.see('Active Accounts');
  terminal.press('n');
  await terminal.see('New Account');
  terminal.press('\r');
  await terminal.see('Account Name: _');
  terminal.press('Fjell AS');
  await terminal.see('Account Name: Fjell AS_');
  terminal.press('\r');
  await terminal.see('(not saved)');
  terminal.press('w');
  await terminal.see('Saved on this device.');
  await terminal.see(/\(↑\) 1 to upload/);
  await terminal.see('queue 1 (1 rows)');
  terminal.press('o');
  await terminal.see(/\(⊕\) Connected/);
  await terminal.see('queue 0 (0 rows)');
  terminal.press('d');
  await terminal.see('Available');
  await terminal.see('To upload      0 updates on 0 rows');
  terminal.press('o');
  await terminal.see(/\(⊖\) Not connected/);
  terminal.press('h');
  await terminal.see(/> +Accounts +\d+ rows/);
  terminal.press('\r');
  await terminal.see('Active Accounts');
  terminal.press('n');
  await terminal.see('New Account');
  terminal.press('\r');
  await terminal.see('Account Name: _');
  terminal.press('Sund AS\r');
  await terminal.see('(not saved)');
  terminal.press('\x1b');
  await terminal.see('The form has changes that are not saved');
  terminal.press('save');
  await terminal.see('> Save');
  terminal.press('\r');
  await terminal.see('Saved on this device.');
  terminal.signal('SIGTERM');
  expect(await terminal.exited).toBe(143);
  const again = openTerminal(100, 30, ...args, '--ascii');
  await again.see('(^) 1 to upload');
  expect(again.text()).toContain('-'.repeat(100));
  again.press('u');
  await again.see('create Account: Sund AS');
  again.press('q');
  expect(await again.exited).toBe(0);
});

test('a person searches while typing, sees what matched by table, and opens a hit; R03, R04, P01: a form shows what rules say while it is edited, and moves its row in the process flow; a small terminal gets a smaller frame, a tiny one a sentence; ctrl-c leaves with 130 and the terminal as it was', async () => {
  const terminal = openTerminal(110, 34, '--memory', '--rows', '100');
  await terminal.see(/> +Accounts +\d+ rows/);
  await terminal.see(/\(⊕\) Connected/);
  terminal.press('/');
  await terminal.see('Search all tables: _');
  await terminal.see('Type what you look for.');
  terminal.press('alp');
  await terminal.see('Search all tables: alp_');
  await terminal.see(/Accounts: \d/);
  await terminal.see(/> Alpine/);
  // Letters are typed, not commands.
  terminal.press('ine qqq');
  await terminal.see('Nothing found.');
  for (let i = 0; i < 4; i++) terminal.press('\x7f');
  await terminal.see('Search all tables: alpine_');
  terminal.press('\t');
  await terminal.see('words: words in any order');
  await terminal.see(/> Alpine.* value/);
  terminal.press('\x1b[C');
  await terminal.see(/Search Accounts: alpine_[\s\S]*> Alpine/);
  terminal.press('\r');
  await terminal.see('Account Name');
  terminal.press('\x1b');
  await terminal.see('Search Accounts: alpine_');
  terminal.press('\x1b');
  await terminal.see(/> +Accounts +\d+ rows/);

  await terminal.see(/ Leads +\d+ rows/);
  await terminal.see('last sync');
  // Keys that arrive together are all taken.
  terminal.press('ojj\r');
  await terminal.see('Open Leads');
  terminal.press('n');
  await terminal.see('New Lead');
  const edit = async (label: string, text: string, isChoice = false) => {
    const fields = () => terminal.text().split('\n');
    const steps =
      fields().findIndex((one) => one.includes(`   ${label}`)) -
      fields().findIndex((one) => one.startsWith(' >'));
    terminal.press((steps < 0 ? 'k' : 'j').repeat(Math.abs(steps)));
    await terminal.see(`> ${label}`);
    terminal.press('\r');
    await terminal.see(new RegExp(`${label}.*: _`));
    terminal.press(text);
    await terminal.see(`: ${text}_`);
    if (isChoice) await terminal.see(`> ${text}`);
    terminal.press('\r');
    await terminal.see(new RegExp(`> ${label}.* ${text}`));
  };
  await edit('Topic', 'Roof');
  await edit('Last Name', 'Berg');
  await edit('Rating', 'Hot', true);
  await terminal.see(/Budget Amount \*/);
  await terminal.see('Recommendation: Set Rating to Warm. No budget is known yet.  [a] accept');
  terminal.press('w');
  await terminal.see('Budget Amount is required.');
  await edit('Budget Amount', '500');
  terminal.press('y');
  await terminal.see(
    'required required: rule "Hot leads need a budget", branch 1, with leadqualitycode = Hot',
  );
  terminal.press('y', 'w');
  await terminal.see('Saved on this device.');
  await terminal.see(' [*Qualify*] --- Develop --- Propose --- Close');
  await terminal.see('[>] next  [g] set');
  terminal.press('>');
  await terminal.see(' (Qualify) --- [*Develop*] --- Propose --- Close');
  await terminal.see('next needs: Est. Value');
  terminal.press('>');
  await terminal.see('The flow stays at Develop. Needed: Est. Value (Develop).');
  terminal.press('g');
  await terminal.see('Go to stage: _');
  await terminal.see('Propose');
  terminal.press('Qual');
  await terminal.see('> Qualify');
  terminal.press('\r');
  await terminal.see(' [*Qualify*] --- Develop --- Propose --- Close');
  terminal.press('h');
  await terminal.see(/> +Accounts +\d+ rows/);

  terminal.resize(60, 14);
  await terminal.see((screen) => screen.includes('Accounts') && widest(screen) <= 60);
  terminal.resize(30, 8);
  await terminal.see('Outpost needs a window of');
  terminal.resize(110, 34);
  await terminal.see(/> +Accounts +\d+ rows/);
  terminal.press('\x03');
  expect(await terminal.exited).toBe(130);
  // The alternate screen is left and the cursor shown.
  expect(terminal.raw()).toContain('\x1b[?1049l');
  expect(terminal.raw().lastIndexOf('\x1b[?25h')).toBeGreaterThan(
    terminal.raw().lastIndexOf('\x1b[?25l'),
  );
});

test('the tour leads from the first sync to a repaired conflict', async () => {
  const terminal = openTerminal(100, 32, 'tour');
  await terminal.see('Tour 2 of 10: Leave the network');
  terminal.press('o');
  await terminal.see('Tour 3 of 10');
  terminal.press('/');
  await terminal.see('Type what you look for.');
  terminal.press('alpine ski');
  await terminal.see('> Alpine Ski House');
  terminal.press('\r');
  await terminal.see('Tour 4 of 10');
  terminal.press('j');
  await terminal.see('> Main Phone');
  terminal.press('\r');
  await terminal.see('Main Phone: +47');
  terminal.press('1\r');
  await terminal.see('(not saved)');
  terminal.press('w');
  await terminal.see('Tour 5 of 10');
  terminal.press('v');
  await terminal.see('Account on the server');
  terminal.press('\r');
  await terminal.see('Ben Ortiz: Main Phone: +47');
  terminal.press('2\r');
  await terminal.see('Tour 6 of 10');
  terminal.press('v');
  await terminal.see('> Main Phone');
  terminal.press('o');
  await terminal.see('Tour 7 of 10');
  terminal.press('x');
  await terminal.see('mine: I want');
  terminal.press('\r');
  await terminal.see('Tour 8 of 10');
  terminal.press('K');
  await terminal.see('Tour 10 of 10: Done');
  await terminal.see(/\(⊕\) Connected/);
  terminal.press('q');
  expect(await terminal.exited).toBe(0);
});

test('npm start, as people type it; a screen reader gets the same app in sentences', async () => {
  const words = ['start', '--silent', '--prefix', '../..', '--'];
  const args = ['--memory', '--rows', '100', '--screen-reader'];
  const terminal = openInTerminal('npm', [...words, ...args], {}, 80, 24);
  await terminal.see(/selected: Accounts \d+ rows/);
  expect(terminal.raw()).not.toContain('\x1b[?1049h');
  terminal.press('j');
  await terminal.see(/selected: Contacts \d+ rows/);
  terminal.press('q');
  expect(await terminal.exited).toBe(0);
});

test('a scenario is watched on a terminal, taken step by step, let go, and readable afterwards', async () => {
  const args = ['run', 'conflict', '--rows', '100', '--step', '--speed', '100'];
  const terminal = openTerminal(100, 30, ...args);
  const told = 'Ana looks at both';
  for (let step = 1; ; step++) {
    await terminal.see(`conflict, step ${step} of`);
    await terminal.see('[n] one step');
    if (terminal.text().includes(told)) break;
    terminal.press('n');
  }
  terminal.press(' ');
  await terminal.see('Everything held. The devices are yours now');
  terminal.press('q');
  expect(await terminal.exited).toBe(0);
  await terminal.see(/Everything held. [\d,]+ rows downloaded/);
});

test.each([
  ['while it draws', 'drawing', 'The screen broke.'],
  ['outside of drawing', 'outside', 'Something else broke.'],
])(
  'a failure %s leaves the terminal as it was, says what it was and ends with 1',
  async (_, where, message) => {
    const script = [built('failing-screen'), where];
    const terminal = openInTerminal(process.execPath, script, {}, 80, 24);
    await terminal.see('Press a key.');
    terminal.press('x');
    expect(await terminal.exited).toBe(1);
    const raw = terminal.raw();
    expect(raw).toContain('\x1b[?1049h');
    expect(raw.lastIndexOf('\x1b[?1049l')).toBeGreaterThan(raw.lastIndexOf('\x1b[?1049h'));
    expect(raw.lastIndexOf('\x1b[?25h')).toBeGreaterThan(raw.lastIndexOf('\x1b[?25l'));
    expect(raw).toContain(message);
  },
);

const widest = (screen: string) => Math.max(...screen.split('\n').map((one) => one.length));
