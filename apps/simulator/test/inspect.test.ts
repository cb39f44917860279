import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { afterAll, describe, expect, test } from 'vitest';
import { jsonLines, outpost, temporaryFolder } from './program.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const entity = (name: string) =>
  `<Entity><Name>${name}</Name><EntityInfo><entity Name="${name}"><attributes><attribute><Type>primarykey</Type><LogicalName>${name}id</LogicalName></attribute></attributes><OwnershipTypeMask>UserOwned</OwnershipTypeMask></entity></EntityInfo></Entity>`;
const solution = (roles: string): string => {
  const xml = `<ImportExportXml><Entities>${entity('new_visit')}${entity('new_note')}</Entities><Roles>${roles}</Roles><AppModules><AppModule><UniqueName>new_app</UniqueName><AppModuleComponents><AppModuleComponent type="1" schemaName="new_visit"/></AppModuleComponents></AppModule></AppModules></ImportExportXml>`;
  const manifest =
    '<ImportExportXml><SolutionManifest><UniqueName>demo</UniqueName><Version>1</Version></SolutionManifest></ImportExportXml>';
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'solution.zip');
  const files = { 'solution.xml': strToU8(manifest), 'customizations.xml': strToU8(xml) };
  writeFileSync(path, zipSync(files));
  return path;
};
const roles =
  '<Role id="{00000000-0000-4000-8000-000000000001}" name="Visitor" isinherited="0"><RolePrivileges><RolePrivilege name="prvReadnew_visit" level="Deep"/><RolePrivilege name="prvWritenew_visit" level="Basic"/><RolePrivilege name="prvReadnew_note" level="Global"/></RolePrivileges></Role>';

describe('inspect', () => {
  test('says the depths of every privilege of every role, as JSON and as text', async () => {
    const path = solution(roles);
    const { code, stdout } = await outpost('inspect', path, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      roles: 1,
      securityRoles: [
        {
          id: '00000000-0000-4000-8000-000000000001',
          name: 'Visitor',
          inheritance: 'teamOnly',
          privileges: {
            new_visit: { read: 'Deep', write: 'Basic' },
            new_note: { read: 'Global' },
          },
        },
      ],
      profile: null,
    });
    const plain = await outpost('inspect', path);
    expect(plain.stdout).toContain('Role Visitor (team privileges only)');
    expect(plain.stdout).toMatch(/new_visit +read Deep, write Basic/);
  });

  test('generates a profile of the tables of the app module, says what to enable, and that it can be published', async () => {
    const args = ['inspect', solution(''), '--profile', 'auto'] as const;
    const { code, stdout } = await outpost(...args, '--json');
    expect(code).toBe(0);
    const { profile } = JSON.parse(stdout);
    expect(profile).toMatchObject({
      toEnable: ['new_visit'],
      findings: [],
      order: ['new_visit'],
      profile: { items: [{ table: 'new_visit', criteria: 'other', mine: true, myTeams: true }] },
    });
    expect((await outpost(...args)).stdout).toContain('It can be published.');
  });

  test.each([
    ['an unknown app', ['--app', 'other'], 'no app module "other"'],
    ['another profile', ['--profile', 'best'], '--profile is "auto", not "best"'],
  ])('%s is a clear error', async (_, args, message) => {
    const { code, stderr } = await outpost('inspect', solution(''), ...args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

test('a scenario plays with a given solution', async () => {
  const { code, stdout } = await outpost('run', 'first-sync', '--json', '--solution', solution(''));
  expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'end', ok: true, converged: true });
  expect(code).toBe(0);
});
