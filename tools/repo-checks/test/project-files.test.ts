import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const filesOf = (...patterns: readonly string[]) => globSync(patterns, { cwd: root }).sort();
const packages = readdirSync(join(root, 'packages')).sort();

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly steps: readonly Step[];
        readonly strategy?: { readonly matrix: { readonly include?: readonly Step[] } };
      }
    >
  >;
}

describe.each(filesOf('.github/workflows/*.yml'))('%s', (name) => {
  const workflow = parse(read(name)) as Workflow;
  const jobs = Object.values(workflow.jobs);

  test('runs the commands that CONTRIBUTING tells, nothing of its own', () => {
    const given = jobs.flatMap(({ strategy }) => strategy?.matrix.include ?? []);
    const commands = [...jobs.flatMap(({ steps }) => steps), ...given]
      .flatMap(({ run }) => run ?? [])
      .filter((run) => !run.startsWith('$'));
    expect(commands.length).toBeGreaterThan(0);
    const told = [...read('CONTRIBUTING.md').matchAll(/`([^`]+)`/g)].map(([, words]) => words);
    expect(commands.filter((command) => !told.includes(command))).toEqual([]);
  });

  test('may only read, and takes actions of GitHub by their major version', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    const actions = jobs.flatMap(({ steps }) => steps).flatMap(({ uses }) => uses ?? []);
    expect(actions.filter((action) => !/^actions\/[a-z-]+@v\d+$/.test(action))).toEqual([]);
  });
});

test('the bug form knows every package', () => {
  const form = parse(read('.github/ISSUE_TEMPLATE/bug.yml')) as {
    readonly body: readonly {
      readonly id: string;
      readonly attributes: { readonly options?: readonly string[] };
    }[];
  };
  const options = form.body.find(({ id }) => id === 'package')?.attributes.options;
  expect(options).toEqual([...packages, 'simulator', 'documents']);
});

test('one pnpm is named everywhere', () => {
  const { packageManager } = JSON.parse(read('package.json')) as {
    readonly packageManager: string;
  };
  const files = filesOf('*.md', '.{ci,devcontainer,github}/**/*.{json,md,yml}', '.ci/run');
  const named = files.flatMap((name) => read(name).match(/\bpnpm@\d+\.\d+\.\d+/g) ?? []);
  expect(named.length).toBeGreaterThan(10);
  expect([...new Set(named)]).toEqual([packageManager]);
});

test('editors are told what Biome does', () => {
  const all = /\[\*\]\n([^[]*)/.exec(read('.editorconfig'))?.[1] ?? '';
  const value = (key: string) => new RegExp(`^${key} = (.+)$`, 'm').exec(all)?.[1];
  const { formatter } = JSON.parse(read('biome.json')) as {
    readonly formatter: Readonly<Record<string, unknown>>;
  };
  expect({
    indentStyle: value('indent_style'),
    indentWidth: Number(value('indent_size')),
    lineWidth: Number(value('max_line_length')),
  }).toEqual(formatter);
});

test('changesets name packages that are published', () => {
  const named = filesOf('.changeset/*.md').flatMap((name) => {
    const [, head] = /^---\n([\s\S]*?)^---$/m.exec(read(name)) ?? [];
    return Object.entries((head === undefined ? {} : parse(head)) as Record<string, string>);
  });
  const known = packages.map((name) => `@outpost/${name}`);
  for (const [name, kind] of named) {
    expect(known).toContain(name);
    expect(['major', 'minor', 'patch']).toContain(kind);
  }
});
