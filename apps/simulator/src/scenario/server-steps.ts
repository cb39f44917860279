import { type Privilege, privileges } from '@outpost/model';
import { Refusal, type UserSession } from '@outpost/server';
import { seededGuids, seededRandom } from '@outpost/testkit';
import { UsageError } from '../usage-error.ts';
import type { ScenarioContext } from './context.ts';
import { describeStep, isRecord, type Step } from './scenario.ts';

type Part = Readonly<Record<string, unknown>>;

/** A step of somebody at the office: rows, rights, sharing, settings, the change log. */
export async function serverStep(context: ScenarioContext, step: Step): Promise<boolean> {
  if (step.verb !== 'server') return false;
  const { args, line } = step;
  const user = context.world.users.get(String(args['as']));
  if (user === undefined)
    throw new UsageError(`Line ${line}: unknown user "${String(args['as'])}".`);
  const session = context.world.organization.as(user.id);
  try {
    for (const [action, run] of Object.entries(actions)) {
      const part = args[action];
      if (part === undefined) continue;
      const said = await run(context, session, isRecord(part) ? part : { value: part }, line);
      context.report({ type: 'server', user: user.name, action: said });
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const found = `${error.code} ${error.message}`;
    context.check(false, `server: ${describeStep(step)}`, 'applied', found, line);
  }
  return true;
}

const actions: Readonly<
  Record<
    string,
    (context: ScenarioContext, session: UserSession, part: Part, line: number) => Promise<string>
  >
> = {
  async create(context, session, part, line) {
    const table = String(part['table']);
    const id = seededGuids(seededRandom(line + context.scenario.seed)).next();
    if (typeof part['as'] === 'string') context.refs.set(part['as'], { table, id });
    await session.create({ table, id, values: context.typed(table, part['values']) });
    return `created ${table}`;
  },
  async update(context, session, part) {
    const { table, id } = context.ref(part['row']);
    await session.update({ table, id, values: context.typed(table, part['values']) });
    return `updated ${table}`;
  },
  async delete(context, session, part) {
    const { table, id } = context.ref(part['row']);
    await session.delete(table, id);
    return `deleted ${table}`;
  },
  async assign(context, session, part) {
    const { table, id } = context.ref(part['row']);
    const to = String(part['to']);
    const other = context.world.users.get(to);
    const owner = other === undefined ? context.ref(to) : { table: 'systemuser', id: other.id };
    await session.update({ table, id, values: { ownerid: owner } });
    return `assigned ${table} to ${to}`;
  },
  async share(context, session, part, line) {
    const { table, id } = context.ref(part['row']);
    const to = context.world.users.get(String(part['to']));
    if (to === undefined)
      throw new UsageError(`Line ${line}: unknown user "${String(part['to'])}".`);
    const rights = (Array.isArray(part['rights']) ? part['rights'] : ['read']).map(String);
    const unknown = rights.find((one) => !privileges.includes(one as Privilege));
    if (unknown !== undefined)
      throw new UsageError(
        `Line ${line}: "${unknown}" is no right. Known: ${privileges.join(', ')}.`,
      );
    await session.share(table, id, to.id, rights as readonly Privilege[]);
    return rights.length === 0 ? `no longer shared ${table}` : `shared ${table} with ${to.name}`;
  },
  async role(context, _session, part) {
    const { organization } = context.world;
    const role = organization.model.roles.find((one) => one.name === part['name']);
    if (role === undefined) throw new UsageError(`There is no role "${String(part['name'])}".`);
    const table = String(part['table']);
    const depth =
      { none: 0, user: 1, businessUnit: 2, organization: 4 }[String(part['depth'])] ?? 0;
    const granted = { ...role.privileges[table], [String(part['privilege'])]: depth };
    await organization.setRole({ ...role, privileges: { ...role.privileges, [table]: granted } });
    return `changed role ${role.name}`;
  },
  async settings(context, _session, part, line) {
    const conflicts = part['conflicts'];
    if (conflicts !== 'off' && conflicts !== 'on' && conflicts !== 'merge')
      throw new UsageError(`Line ${line}: "conflicts" is off, on or merge.`);
    await context.world.setConflicts(conflicts);
    return `set conflict detection to ${conflicts}`;
  },
  async expire(context) {
    const gone = await context.world.organization.pruneLog(Number.MAX_SAFE_INTEGER);
    return `forgot ${gone} changes of the log`;
  },
};
