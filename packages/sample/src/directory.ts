import type { RowValues } from '@outpost/model';
import { roleIds } from './roles.ts';
import type { SampleRow } from './sample-row.ts';

export interface SampleUser {
  readonly id: string;
  readonly first: string;
  readonly last: string;
  readonly unit: 'head' | 'north' | 'south';
  /** Role id. */
  readonly role: string;
}

/** The people of the sample organization, under fixed ids. */
export const sampleUsers: Readonly<Record<'ana' | 'ben' | 'carla' | 'dev' | 'eva', SampleUser>> = {
  ana: {
    id: 'a0000000-0000-4000-8000-000000000001',
    first: 'Ana',
    last: 'Silva',
    unit: 'north',
    role: roleIds.salesperson,
  },
  ben: {
    id: 'a0000000-0000-4000-8000-000000000002',
    first: 'Ben',
    last: 'Ortiz',
    unit: 'north',
    role: roleIds.salesperson,
  },
  carla: {
    id: 'a0000000-0000-4000-8000-000000000003',
    first: 'Carla',
    last: 'Nyberg',
    unit: 'head',
    role: roleIds.salesManager,
  },
  dev: {
    id: 'a0000000-0000-4000-8000-000000000004',
    first: 'Dev',
    last: 'Rao',
    unit: 'south',
    role: roleIds.salesperson,
  },
  eva: {
    id: 'a0000000-0000-4000-8000-000000000005',
    first: 'Eva',
    last: 'Lindt',
    unit: 'north',
    role: roleIds.serviceRepresentative,
  },
};

export const unitIds: Readonly<Record<SampleUser['unit'], string>> = {
  head: 'b1000000-0000-4000-8000-000000000001',
  north: 'b1000000-0000-4000-8000-000000000002',
  south: 'b1000000-0000-4000-8000-000000000003',
};
export const unitNames: Readonly<Record<SampleUser['unit'], string>> = {
  head: 'Contoso',
  north: 'North',
  south: 'South',
};
export const southTeamId = '7ea00000-0000-4000-8000-000000000001';

/** Rows with fixed ids that stories and tests refer to. */
export const namedRows = {
  alpine: 'ab000000-0000-4000-8000-000000000001',
  kai: 'ab000000-0000-4000-8000-000000000002',
  skiLift: 'ab000000-0000-4000-8000-000000000003',
  callBack: 'ab000000-0000-4000-8000-000000000004',
} as const;

/** Business units, users with their roles, a team, positions and connection roles. `dates` makes the dates of a row. */
export function* directoryRows(dates: (maxDays: number) => RowValues): Generator<SampleRow> {
  const unit = (name: keyof typeof unitIds, parent: keyof typeof unitIds | null): SampleRow => ({
    table: 'businessunit',
    id: unitIds[name],
    values: {
      name: unitNames[name],
      ...(parent === null
        ? {}
        : {
            parentbusinessunitid: {
              table: 'businessunit',
              id: unitIds[parent],
              name: unitNames[parent],
            },
          }),
      ...dates(900),
    },
  });
  yield unit('head', null);
  yield unit('north', 'head');
  yield unit('south', 'head');
  for (const user of Object.values(sampleUsers)) {
    const businessunitid = {
      table: 'businessunit',
      id: unitIds[user.unit],
      name: unitNames[user.unit],
    };
    const mail = `${user.first}.${user.last}@contoso.example`.toLowerCase();
    yield {
      table: 'systemuser',
      id: user.id,
      values: {
        firstname: user.first,
        lastname: user.last,
        businessunitid,
        internalemailaddress: mail,
        isdisabled: false,
        ...dates(800),
      },
    };
    yield {
      table: 'systemuserroles',
      id: user.id.replace('a0', 'a1'),
      values: { systemuserid: { table: 'systemuser', id: user.id }, roleid: user.role },
    };
  }
  yield {
    table: 'team',
    id: southTeamId,
    values: {
      name: 'South Team',
      businessunitid: { table: 'businessunit', id: unitIds.south, name: unitNames.south },
      ...dates(700),
    },
  };
  for (const [n, name] of ['Field Sales', 'Area Lead', 'Head of Sales'].entries()) {
    yield {
      table: 'position',
      id: `b05000${n}0-0000-4000-8000-000000000001`,
      values: { name, ...dates(700) },
    };
  }
  for (const [n, name] of [
    'Decision Maker',
    'Influencer',
    'Partner',
    'Former Employee',
  ].entries()) {
    yield {
      table: 'connectionrole',
      id: `c01e00${n}0-0000-4000-8000-000000000001`,
      values: { name, statecode: 0, statuscode: 1, ...dates(700) },
    };
  }
}
