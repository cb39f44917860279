import {
  type Column,
  type ColumnValue,
  formatValue,
  isChoice,
  isLookup,
  isText,
  parseValue,
  type Table,
} from '@outpost/model';
import { type Observable, Subject } from 'rxjs';
import type { World, WorldUser } from '../world/world.ts';
import { addedColumn, withColumn, withoutColumn } from './added-column.ts';
import type { CommandId } from './keys.ts';
import { fit, heading, type Line, line, scrolled, wrapped } from './line.ts';
import type { TextInput } from './place.ts';
import type { Size } from './screens/screen.ts';

/** A row as the Web API shows it to a user. */
interface ServerRow {
  readonly table: Table;
  readonly id: string;
  /** Null: the user cannot see it. */
  readonly values: Readonly<Record<string, unknown>> | null;
}

/** The organization as another user works with it: through its Web API, under that user's rights. */
export class ServerDesk {
  readonly #world: World;
  readonly #changes = new Subject<void>();
  #user: string;
  #row: ServerRow | null = null;
  #selected = 0;
  #input: TextInput | null = null;
  #message = '';
  #isShared = false;
  #isTaken = false;

  constructor(world: World) {
    this.#world = world;
    this.#user = [...world.users.keys()][1] ?? [...world.users.keys()][0] ?? '';
  }

  get changes(): Observable<void> {
    return this.#changes;
  }
  get message(): string {
    return this.#message;
  }
  get input(): TextInput | null {
    return this.#input;
  }
  get user(): WorldUser {
    const user = this.#world.users.get(this.#user);
    if (user === undefined) throw new Error(`There is no user "${this.#user}".`);
    return user;
  }
  /** The row on the desk. */
  get row(): ServerRow | null {
    return this.#row;
  }

  typing(input: TextInput | null): void {
    this.#input = input;
    this.#changes.next();
  }

  say(message: string): void {
    this.#message = message;
    this.#changes.next();
  }

  /** Puts a row on the desk. */
  show(tableName: string, id: string): Promise<void> {
    return this.#told(this.#look(tableName, id));
  }

  /** Shows what is there now. */
  refresh(): Promise<void> {
    const row = this.#row;
    return row === null ? Promise.resolve() : this.#told(this.#look(row.table.name, row.id));
  }

  /** The organization may be closing: what goes wrong is told. */
  #told(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) =>
      this.say(error instanceof Error ? error.message : String(error)),
    );
  }

  async #look(tableName: string, id: string): Promise<void> {
    const table = this.#world.organization.model.tables.find((one) => one.name === tableName);
    if (table === undefined) return;
    const isOther = this.#row?.id !== id;
    const answer = await this.#request('GET', `${table.setName}(${id})`);
    const values = answer.status === 200 ? (answer.body as ServerRow['values']) : null;
    this.#row = { table, id, values };
    if (isOther)
      this.#selected = Math.max(
        0,
        this.columns().findIndex((one) => one.format === 'phone'),
      );
    this.#changes.next();
  }

  /** Columns that can be edited here, as on the form. */
  columns(): readonly Column[] {
    const table = this.#row?.table;
    if (table === undefined) return [];
    const { model } = this.#world.organization;
    const form = model.forms.find((one) => one.table === table.name && one.type === 'main');
    const names = form?.tabs.flatMap((tab) =>
      tab.sections.flatMap((section) => section.controls.map((control) => control.column)),
    );
    const shown =
      names === undefined
        ? table.columns
        : names.flatMap((name) => table.columns.find((one) => one.name === name) ?? []);
    return shown.filter(
      (one) => one.readOnly !== true && !isLookup(one) && one.type !== 'partyList',
    );
  }

  run(command: CommandId): boolean {
    const row = this.#row;
    const move = { up: -1, down: 1, pageUp: -10, pageDown: 10, top: -1e6, bottom: 1e6 };
    if (Object.hasOwn(move, command)) {
      const by = move[command as keyof typeof move];
      this.#selected = Math.max(0, Math.min(this.columns().length - 1, this.#selected + by));
      this.say('');
      return true;
    }
    if (command === 'user') {
      const names = [...this.#world.users.keys()];
      this.#user = names[(names.indexOf(this.#user) + 1) % names.length] ?? this.#user;
      void this.refresh();
      return true;
    }
    if (command === 'conflicts') {
      const policies = ['on', 'merge', 'off'] as const;
      const next = policies[(policies.indexOf(this.#world.conflicts) + 1) % 3] ?? 'on';
      this.#do(async () => {
        await this.#world.setConflicts(next);
        return `Conflict detection: ${next}.`;
      });
      return true;
    }
    if (command === 'expire') {
      this.#do(async () => {
        const gone = await this.#world.organization.pruneLog(Number.MAX_SAFE_INTEGER);
        return `${gone} changes forgotten: devices compare what they have at their next sync.`;
      });
      return true;
    }
    if (row === null) return false;
    const address = `${row.table.setName}(${row.id})`;
    switch (command) {
      case 'edit':
        this.#edit(row, address);
        return true;
      case 'delete':
        this.#do(() => this.#write('DELETE', address, null, 'Deleted.'));
        return true;
      case 'assign': {
        const owners = [...this.#world.users.values()];
        const at = owners.findIndex((one) => one.id === row.values?.['_ownerid_value']);
        const to = owners[(at + 1) % owners.length];
        if (to === undefined) return true;
        const body = { 'ownerid@odata.bind': `/systemusers(${to.id})` };
        this.#do(() => this.#write('PATCH', address, body, `Assigned to ${to.name}.`));
        return true;
      }
      case 'share':
        this.#do(() => this.#share(row));
        return true;
      case 'burst':
        this.#do(() => this.#burst(row.table));
        return true;
      case 'role':
        this.#do(() => this.#toggleDelete(row.table));
        return true;
      case 'publish':
        this.#do(() => this.#publish(row.table));
        return true;
      default:
        return false;
    }
  }

  draw({ columns, rows }: Size): readonly Line[] {
    const { name } = this.user;
    const top = [
      line(
        fit(` Server desk: ${name} works in the organization  [U] another user`, columns),
        'title',
      ),
      line(fit(` conflict detection: ${this.#world.conflicts}  [C]`, columns), 'muted'),
    ];
    const row = this.#row;
    if (row === null) {
      const text =
        'Select or open a row on a device and press v there: it comes here, as the server has it, and can be changed as another user.';
      return [
        ...top,
        line(''),
        ...wrapped(text, columns - 4).map((one) => line(fit(`  ${one}`, columns))),
      ];
    }
    const title = heading(`${row.table.label} on the server`, columns);
    if (row.values === null)
      return [
        ...top,
        title,
        line(fit(`   ${name} sees no such row: deleted, or out of reach.`, columns), 'warn'),
      ];
    const values = row.values;
    const owner = String(values['_ownerid_value@OData.Community.Display.V1.FormattedValue'] ?? '');
    const facts = [
      `owner ${owner}, version ${String(values['versionnumber'] ?? '')}, modified ${String(
        values['modifiedon'] ?? '',
      )
        .slice(0, 16)
        .replace('T', ' ')}`,
    ];
    const lines = this.columns().map((column, i) => {
      const here = i === this.#selected;
      const text = ` ${here ? '>' : ' '} ${fit(column.label, 22)} ${this.#text(column, values[column.name])}`;
      return line(fit(text, columns), here ? 'selected' : undefined);
    });
    const fixed = [...top, title, ...facts.map((one) => line(fit(`   ${one}`, columns), 'muted'))];
    return [...fixed, ...scrolled(lines, this.#selected, Math.max(1, rows - fixed.length))];
  }

  #text(column: Column, value: unknown): string {
    if (value === null || value === undefined) return '';
    return formatValue(column, value as ColumnValue, { locale: 'en-US', timeZone: 'UTC' });
  }

  #edit(row: ServerRow, address: string): void {
    const column = this.columns()[this.#selected];
    if (column === undefined || row.values === null) return;
    const value = row.values[column.name];
    const isLabel = isChoice(column) || column.type === 'boolean';
    const labels = column.options?.map((one) => one.label).join(', ');
    this.typing({
      label: `${this.user.name}: ${column.label}${labels === undefined ? '' : ` (${labels})`}`,
      text: isLabel || value === null || value === undefined ? '' : String(value),
      maxLength: column.maxLength ?? 200,
      done: (text) => {
        const parsed = parseValue(column, text);
        if (parsed.kind === 'invalid') return this.say(parsed.message);
        const body = { [column.name]: parsed.value };
        this.#do(() =>
          this.#write('PATCH', address, body, `${column.label} is changed on the server.`),
        );
      },
    });
  }

  /** Runs an action, says what came of it, and shows the row as it is then. */
  #do(action: () => Promise<string>): void {
    void action()
      .catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
      .then(async (said) => {
        await this.refresh();
        this.say(said);
      });
  }

  async #write(method: string, address: string, body: unknown, said: string): Promise<string> {
    const { status, message } = await this.#request(method, address, body);
    return status < 300 ? said : message;
  }

  /** Changes a text of ten other rows. */
  async #burst(table: Table): Promise<string> {
    const column = table.columns.find(
      (one) => one.type === 'memo' || (isText(one) && one.name === 'description'),
    );
    if (column === undefined) return `${table.pluralLabel} have no text to change.`;
    const order = `$orderby=modifiedon desc&$top=10&$select=${table.primaryId}`;
    const found = await this.#request('GET', `${table.setName}?${order}`);
    const rows = (found.body as { value?: readonly Record<string, unknown>[] }).value ?? [];
    let changed = 0;
    for (const one of rows) {
      const text = `Seen by ${this.user.name}`;
      const address = `${table.setName}(${String(one[table.primaryId])})`;
      const { status } = await this.#request('PATCH', address, { [column.name]: text });
      if (status < 300) changed += 1;
    }
    return `${changed} rows changed on the server.`;
  }

  /** The first user of the world gets rights on the row, or loses them. */
  async #share({ table, id }: ServerRow): Promise<string> {
    const [other] = [...this.#world.users.values()];
    if (other === undefined) return '';
    const target = { '@odata.type': `Microsoft.Dynamics.CRM.${table.name}`, [table.primaryId]: id };
    const principal = {
      '@odata.type': 'Microsoft.Dynamics.CRM.systemuser',
      systemuserid: other.id,
    };
    if (this.#isShared) {
      this.#isShared = false;
      const body = { Target: target, Revokee: principal };
      return this.#write('POST', 'RevokeAccess', body, `No longer shared with ${other.name}.`);
    }
    this.#isShared = true;
    const access = { Principal: principal, AccessMask: 'ReadAccess,WriteAccess' };
    const body = { Target: target, PrincipalAccess: access };
    return this.#write('POST', 'GrantAccess', body, `Shared with ${other.name}: read and write.`);
  }

  /** Takes the right to delete rows of a table from the first role, or gives it back. */
  async #toggleDelete(table: Table): Promise<string> {
    const { organization } = this.#world;
    const [role] = organization.model.roles;
    if (role === undefined) return 'The app has no roles.';
    this.#isTaken = !this.#isTaken;
    const granted = role.privileges[table.name] ?? {};
    const now = this.#isTaken ? { ...granted, delete: 0 as const } : granted;
    await organization.setRole({ ...role, privileges: { ...role.privileges, [table.name]: now } });
    return `${role.name} may ${this.#isTaken ? 'not ' : ''}delete ${table.pluralLabel} now.`;
  }

  /** Adds a column to the table and its form, or takes it away, and publishes. */
  async #publish(table: Table): Promise<string> {
    const { organization } = this.#world;
    const has = table.columns.some((one) => one.name === addedColumn);
    await organization.publish(
      has
        ? withoutColumn(organization.model, table.name)
        : withColumn(organization.model, table.name),
    );
    return has
      ? 'The column is taken away; devices follow at their next sync.'
      : 'The column "Desk Remark" is published; devices follow at their next sync.';
  }

  async #request(
    method: string,
    address: string,
    body: unknown = null,
  ): Promise<{ readonly status: number; readonly body: unknown; readonly message: string }> {
    const response = await fetch(`${this.#world.server.url}/api/data/v9.2/${address}`, {
      method,
      headers: {
        authorization: `Bearer ${this.user.token}`,
        accept: 'application/json',
        prefer: 'odata.include-annotations="*"',
        ...(body === null ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json: unknown = text === '' ? {} : JSON.parse(text);
    const { error } = json as { error?: { message?: string } };
    return { status: response.status, body: json, message: error?.message ?? '' };
  }
}
