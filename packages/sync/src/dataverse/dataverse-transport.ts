import {
  type AppModel,
  base64ToBytes,
  bytesToBase64,
  type Clock,
  checkRenames,
  type Depth,
  depthNames,
  indexModel,
  type ModelIndex,
  mandatoryColumns,
  type PlannedTable,
  type Privilege,
  type ProfileLimits,
  planProfile,
  privileges,
  type Slot,
  syncErrorTable,
  type Table,
  type TablePrivileges,
  withSystemTables,
} from '@outpost/model';
import { failed } from '../http/failure.ts';
import {
  type ConflictPolicy,
  type DeviceIdentity,
  type HelloRequest,
  type HelloResponse,
  type PageRequest,
  type PageResponse,
  type PullRequest,
  type PullResponse,
  type RemoveReason,
  RowSum,
  type TableRows,
  type UploadResponse,
  type Versions,
} from '../protocol/index.ts';
import { SyncError } from '../sync-error.ts';
import type { Reply, SyncTransport } from '../transport.ts';
import { hashOf } from './hash.ts';
import { profileFilters, type TableFilter } from './profile-query.ts';
import { pushEntries } from './push-entries.ts';
import { cellsOf, readableSlots } from './row-cells.ts';
import { readTableToken, type TableToken, writeTableToken } from './table-token.ts';
import {
  fault,
  type Json,
  rowsIn,
  WebApiClient,
  type WebApiClientOptions,
  WebApiFailure,
} from './web-api-client.ts';

export interface DataverseTransportOptions extends WebApiClientOptions {
  /** The app with its offline profile: a plain Web API knows neither. */
  readonly app: AppModel;
  readonly clock: Clock;
  /** What happens to edits of rows that somebody else has changed, asked before each upload. Default `off`. */
  readonly conflictPolicy?: () => ConflictPolicy;
  /** Rows may leave without a trace that polling finds; all ids are compared after so long. Default 60 minutes. */
  readonly reconcileMinutes?: number;
  readonly profileLimits?: ProfileLimits;
}

/**
 * Synchronizes with a plain Dataverse Web API, without the endpoint that Outpost's own organization has. Where the user
 * may read all rows of a table its changes come by delta link; else by row version, and what left is found by comparing
 * ids. What this cannot do is in the package's README.
 */
export function dataverseTransport(options: DataverseTransportOptions): SyncTransport {
  const one = new DataverseTransport(options);
  // A plain object, so that others can be made of it by replacing some of its members.
  return {
    hello: (message, signal) => one.hello(message, signal),
    app: () => one.app(),
    pull: (message, signal) => one.pull(message, signal),
    page: (message, signal) => one.page(message, signal),
    digest: one.digest,
    push: one.push,
    upload: one.upload,
    document: one.document,
    account: async () => (await options.tokens.account?.()) ?? null,
  };
}

/** A table of the plan, as far as it does not depend on the user. */
interface PlanPart extends PlannedTable {
  readonly definition: Table;
  readonly slots: readonly Slot[];
}

/** Who the user is, and V(T) for each table. */
interface Session {
  readonly user: HelloResponse['user'];
  readonly organization: string | null;
  readonly privileges: HelloResponse['privileges'];
  readonly filters: ReadonlyMap<string, TableFilter>;
  readonly views: ReadonlyMap<string, string>;
  readonly access: string;
  readonly day: number;
}

/** Keys and versions of V(T), in the order of keys that devices use. */
type Listing = readonly (readonly [id: string, version: number])[];

/** Rows of one request by their ids. */
const rowsById = 150;
/** Everybody gets their own sync errors. */
const ownErrors: PlannedTable = {
  table: syncErrorTable.name,
  item: {
    table: syncErrorTable.name,
    criteria: 'other',
    mine: true,
    relationships: [],
    intervalMinutes: 10,
  },
  edges: [],
};
const maxDocument = 16 * 1024 * 1024;

class DataverseTransport implements SyncTransport {
  readonly #options: DataverseTransportOptions;
  readonly #client: WebApiClient;
  readonly #index: ModelIndex;
  readonly #plan: readonly PlanPart[];
  readonly #app: string;
  /** Whose database the newest message came from. */
  #user: string | null = null;
  #session: Promise<Session> | null = null;
  /** What a cycle compares with and reads pages of; as of its last question for changes. */
  readonly #listings = new Map<string, Promise<Listing>>();
  readonly #documents = new Map<string, Uint8Array>();

  constructor(options: DataverseTransportOptions) {
    this.#options = options;
    this.#client = new WebApiClient(options);
    const app = withSystemTables({ ...options.app, roles: [] });
    const [wrong] = checkRenames(app);
    if (wrong !== undefined) {
      const fix = 'Give the column a name that no column of the table has had.';
      throw new SyncError('app.invalid', wrong, fix);
    }
    this.#index = indexModel(app);
    const limits = options.profileLimits === undefined ? {} : { limits: options.profileLimits };
    const planned = planProfile(this.#index, app.profile, limits);
    if (planned.kind === 'invalid') {
      const findings = planned.findings.map((one) => `${one.code} ${one.message}`).join(' ');
      throw new SyncError(
        'app.invalid',
        `The offline profile is invalid: ${findings}`,
        'Correct it.',
      );
    }
    const hasErrors = planned.tables.some((one) => one.table === syncErrorTable.name);
    const all = hasErrors ? planned.tables : [...planned.tables, ownErrors];
    this.#plan = all.flatMap((one): PlanPart[] => {
      const definition = this.#index.table(one.table);
      if (definition === undefined) return [];
      const { columns } = one.item;
      const chosen =
        columns === undefined ? null : new Set([...columns, ...mandatoryColumns(definition)]);
      return [{ ...one, definition, slots: readableSlots(definition, chosen) }];
    });
    this.#app = hashOf(app);
  }

  hello(request: HelloRequest, signal?: AbortSignal): Promise<Reply<HelloResponse>> {
    return this.#reply(request.device, async () => {
      this.#session = null;
      this.#listings.clear();
      const session = await this.#open(signal);
      const counted = this.#plan.filter(({ table }) => !request.uncounted.includes(table));
      const counts = await this.#counts(session, counted, signal);
      return {
        now: this.#now(),
        feed: 'dataverse',
        current: this.#versions(session),
        organization: session.organization,
        user: session.user,
        conflictPolicy: this.#options.conflictPolicy?.() ?? 'off',
        privileges: session.privileges,
        // Shares and hierarchy are not told: what they may allow is left to the organization.
        beyondRoles: true,
        securedColumns: {},
        plan: this.#plan.map(({ table, item }) => ({
          table,
          rows: counts.get(table) ?? null,
          view: session.views.get(table) ?? '',
          intervalMinutes: item.intervalMinutes,
        })),
      };
    });
  }

  async app(): Promise<Reply<{ readonly app: string; readonly model: unknown }>> {
    return { kind: 'ok', value: { app: this.#app, model: this.#index.model }, bytes: 0 };
  }

  pull(request: PullRequest, signal?: AbortSignal): Promise<Reply<PullResponse>> {
    return this.#checked(request, async () => {
      // Rights may be others, and it may be another day.
      this.#session = null;
      const session = await this.#open(signal);
      this.#listings.clear();
      const answer: Answer = { changes: [], removes: [], tokens: [], check: [] };
      // Side by side: what they ask for at the same time travels in one batch.
      await Promise.all(
        request.from.flatMap(({ token, tables }) =>
          tables.map((table) =>
            this.#pullTable(
              session,
              { table, token, view: request.views[table] ?? null },
              request.maxRows,
              answer,
              signal,
            ),
          ),
        ),
      );
      return {
        now: this.#now(),
        current: this.#versions(session),
        ...answer,
        // What was carried out before this question is in what it answers.
        acked: request.awaiting,
        more: false,
      };
    });
  }

  page(request: PageRequest, signal?: AbortSignal): Promise<Reply<PageResponse>> {
    return this.#checked(request, async () => {
      const session = await this.#open(signal);
      const part = this.#partOf(request.table);
      const { after, upTo } = request;
      const limit = Math.min(request.limit, rowsAtATime(part));
      const listed = request.ids === null ? await this.#listing(session, part, signal) : [];
      const inRange = listed.filter(
        ([id]) => (after === null || id > after) && (upTo === null || id <= upTo),
      );
      const ids = request.ids ?? inRange.slice(0, limit).map(([id]) => id);
      const rows = await this.#rowsOf(session, part, ids, signal);
      const isFull = request.ids === null && inRange.length > limit;
      return {
        now: this.#now(),
        current: this.#versions(session),
        ...rows,
        view: session.views.get(request.table) ?? '',
        covered: isFull ? (ids.at(-1) ?? upTo) : upTo,
      };
    });
  }

  digest: SyncTransport['digest'] = (request, signal) =>
    this.#checked(request, async () => {
      const session = await this.#open(signal);
      const part = this.#partOf(request.table);
      const bad: number[] = [];
      const listed = await this.#listing(session, part, signal);
      const own = part.slots
        .map((one) => one.name)
        .sort()
        .join();
      const isSame = own === [...request.columns].sort().join();
      let at = listed.findIndex(([id]) => request.after === null || id > request.after);
      if (at < 0) at = listed.length;
      for (const [i, range] of request.ranges.entries()) {
        const sum = new RowSum();
        for (let one = listed[at]; one !== undefined; one = listed[++at]) {
          if (range.upTo !== null && one[0] > range.upTo) break;
          sum.add(one[0], one[1]);
        }
        if (!isSame || sum.rows !== range.rows || sum.text !== range.sum) bad.push(i);
      }
      return {
        now: this.#now(),
        current: this.#versions(session),
        view: session.views.get(request.table) ?? '',
        bad,
        // Nobody can tell a difference from a change that is on its way.
        stale: bad,
      };
    });

  push: SyncTransport['push'] = (request, signal) =>
    this.#reply(request.device, async () => {
      const { id: userId } = (await this.#open(signal)).user;
      const results = await pushEntries(
        {
          client: this.#client,
          index: this.#index,
          policy: this.#options.conflictPolicy?.() ?? 'off',
          userId,
          now: this.#options.clock.now(),
          contentOf: (reference) => {
            const bytes = this.#documents.get(reference);
            return bytes === undefined ? null : bytesToBase64(bytes);
          },
        },
        request.entries,
        signal,
      );
      for (const [i, { set }] of request.entries.entries()) {
        // What is settled is not asked for again.
        if (results[i]?.status !== 'applied') continue;
        for (const cell of Object.values(set)) this.#documents.delete(String(cell));
      }
      return { now: this.#now(), results };
    });

  /** Parts are kept here until the edit that names them is sent. */
  upload: SyncTransport['upload'] = ({ device, reference, at, data }) =>
    this.#reply(device, async () => this.#keep(reference, at, data));

  #keep(reference: string, at: number, data: string): UploadResponse {
    const held = this.#documents.get(reference) ?? new Uint8Array();
    const part = base64ToBytes(data);
    const fits = part !== null && at === held.length && at + part.length <= maxDocument;
    if (part !== null && part.length > 0 && fits) {
      const joined = new Uint8Array(held.length + part.length);
      joined.set(held);
      joined.set(part, held.length);
      this.#documents.set(reference, joined);
    }
    const have = this.#documents.get(reference)?.length ?? 0;
    return { now: this.#now(), have };
  }

  document: SyncTransport['document'] = async () =>
    failed('protocol', 501, 'outpost:notSupported', 'Contents of files are not downloaded here.');

  #partOf(table: string): PlanPart {
    const part = this.#plan.find((one) => one.table === table);
    if (part !== undefined) return part;
    const message = `Table "${table}" is not in the profile.`;
    throw new WebApiFailure(failed('protocol', 404, 'outpost:tableNotInProfile', message).failure);
  }

  #now(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }

  #versions({ access }: Session): Versions {
    return { app: this.#app, access };
  }

  async #checked<T>(
    { device, seen }: { readonly device: DeviceIdentity; readonly seen: Versions },
    run: () => Promise<T>,
  ): Promise<Reply<T>> {
    if (seen.app === this.#app) return this.#reply(device, run);
    return failed('expected', 409, 'outpost:appChanged', 'The app has other definitions.');
  }

  async #reply<T>({ user }: DeviceIdentity, run: () => Promise<T>): Promise<Reply<T>> {
    this.#client.takeBytes();
    this.#client.actFor(user);
    if (user !== this.#user) {
      // Nothing that was read or brought for one user is another one's.
      this.#user = user;
      this.#session = null;
      this.#listings.clear();
      this.#documents.clear();
    }
    try {
      return { kind: 'ok', value: await run(), bytes: this.#client.takeBytes() };
    } catch (error) {
      if (error instanceof WebApiFailure) return { kind: 'failed', failure: error.failure };
      throw error;
    }
  }

  #open(signal: AbortSignal | undefined): Promise<Session> {
    if (this.#session !== null) return this.#session;
    const day = Math.floor(this.#options.clock.now() / 86_400_000);
    const opened = this.#readSession(day, signal);
    this.#session = opened;
    // The next question tries again; also when nobody waits for this one any more, which may never be answered.
    const forget = () => {
      if (this.#session === opened) this.#session = null;
    };
    signal?.addEventListener('abort', forget, { once: true });
    opened.then(() => signal?.removeEventListener('abort', forget), forget);
    return opened;
  }

  async #readSession(day: number, signal: AbortSignal | undefined): Promise<Session> {
    const { userId: id, businessUnitId, organizationId } = await this.#client.whoAmI(signal);
    // Whoever signs in while this is read is somebody else.
    this.#client.actFor(id);
    const teams = `<fetch><entity name="team"><attribute name="teamid"/><link-entity name="teammembership" from="teamid" to="teamid"><filter><condition attribute="systemuserid" operator="eq-userid"/></filter></link-entity></entity></fetch>`;
    const set = (name: string) => this.#index.table(name)?.setName ?? `${name}s`;
    const read = (address: string) => this.#client.read(address, signal);
    const [user, team, granted] = await Promise.all([
      read(`${set('systemuser')}(${id})?$select=fullname`),
      read(`${set('team')}?fetchXml=${encodeURIComponent(teams)}`),
      read(`${set('systemuser')}(${id})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()`),
    ]);
    if (granted.status !== 200) throw fault(granted);
    const name = user.status === 200 ? String((user.json as Json)['fullname'] ?? '') : '';
    const teamRows = team.status === 200 ? rowsIn(team) : [];
    const teamIds = teamRows.map((row) => String(row['teamid'])).sort();
    const held = privilegesOf(this.#index, granted.json as Json);
    const now = this.#options.clock.now();
    const filters = profileFilters(this.#index, this.#plan, now);
    const who = { id, name, businessUnitId, teamIds };
    const views = new Map<string, string>();
    for (const { table, slots, edges } of this.#plan) {
      const depth = held[table]?.read ?? 0;
      const columns = slots.map((one) => one.name);
      const sources = edges.map((edge) => [edge.source, held[edge.source]?.read ?? 0]);
      views.set(table, hashOf([filters.get(table)?.xml, depth, columns, sources, who]));
    }
    const access = hashOf([who, held, [...views]]);
    return {
      user: who,
      organization: organizationId,
      privileges: held,
      filters,
      views,
      access,
      day,
    };
  }

  async #pullTable(
    session: Session,
    { table, token, view: held }: HeldTable,
    maxRows: number,
    answer: Answer,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const part = this.#plan.find((one) => one.table === table);
    if (part === undefined) return;
    const view = session.views.get(table) ?? '';
    const known = token === null ? null : readTableToken(token);
    if (known === null) {
      const next = await this.#firstToken(session, part, signal);
      answer.tokens.push({ token: writeTableToken(next), tables: [table] });
      answer.check.push({ table, why: token === null ? 'first' : 'expired', view });
      return;
    }
    const changed =
      known.link === null
        ? await this.#changedByVersion(session, part, known, signal)
        : await this.#changedByLink(known.link, part, signal);
    if (changed === null) {
      const next = await this.#firstToken(session, part, signal);
      answer.tokens.push({ token: writeTableToken(next), tables: [table] });
      answer.check.push({ table, why: 'expired', view });
      return;
    }
    const { ids, next } = changed;
    const isLarge = ids.length > Math.min(maxRows, rowsAtATime(part));
    if (ids.length > 0 && !isLarge) {
      const rows = await this.#rowsOf(session, part, ids, signal);
      if (rows.rows.length > 0) answer.changes.push(rows);
      const present = new Set(rows.rows.map((row) => String(row[0])));
      const gone = ids.filter((id) => !present.has(id));
      // What is not in V(T) any more: deleted rows the list says so, others are out of the filter or of reach.
      const removed = (reason: RemoveReason, some: readonly string[]) => {
        if (some.length > 0) answer.removes.push({ table, reason, ids: some });
      };
      removed(
        'deleted',
        gone.filter((id) => changed.deleted.has(id)),
      );
      removed(
        'filter',
        gone.filter((id) => !changed.deleted.has(id)),
      );
    }
    // By polling, and through related rows, rows leave and enter without being listed.
    const isListed = known.link !== null && part.edges.length === 0 && !hasLinks(part);
    const count = isListed
      ? null
      : ((await this.#counts(session, [part], signal)).get(table) ?? null);
    const now = this.#options.clock.now();
    const waitMs = (this.#options.reconcileMinutes ?? 60) * 60_000;
    const passed = now - known.reconciledAt;
    // A time to come was noted before the clock was set back.
    const isDue = !isListed && (passed >= waitMs || passed < 0);
    const differs = !isListed && count !== known.rows;
    const why = isLarge
      ? 'large'
      : held !== null && held !== view
        ? 'view'
        : differs || isDue
          ? 'links'
          : null;
    if (why !== null) answer.check.push({ table, why, view });
    const reconciledAt = why === null ? known.reconciledAt : now;
    answer.tokens.push({
      token: writeTableToken({ ...next, rows: count, reconciledAt }),
      tables: [table],
    });
  }

  /** Before any row is read: what changes from now on will be found. */
  async #firstToken(
    session: Session,
    part: PlanPart,
    signal: AbortSignal | undefined,
  ): Promise<TableToken> {
    const counts = await this.#counts(session, [part], signal);
    const base = {
      rows: counts.get(part.table) ?? null,
      reconciledAt: this.#options.clock.now(),
    };
    const mayTrack = session.privileges[part.table]?.read === 4 && part.definition.changeTracking;
    const link = mayTrack ? await this.#firstLink(part, signal) : null;
    if (link !== null) return { ...base, link, version: 0 };
    return { ...base, link: null, version: await this.#newestVersion(session, part, signal) };
  }

  /** The link behind all pages of ids. Null: the organization does not track this table. */
  async #firstLink(part: PlanPart, signal: AbortSignal | undefined): Promise<string | null> {
    const { setName, primaryId } = part.definition;
    let next = `${setName}?$select=${primaryId}`;
    try {
      for (;;) {
        const page = await this.#client.get(
          next,
          signal,
          'odata.track-changes,odata.maxpagesize=5000',
        );
        const link = page['@odata.deltaLink'];
        if (typeof link === 'string') return link;
        if (typeof page['@odata.nextLink'] !== 'string') return null;
        next = page['@odata.nextLink'];
      }
    } catch (error) {
      const status = error instanceof WebApiFailure ? error.failure.status : null;
      if (status === 400 || status === 403 || status === 501) return null;
      throw error;
    }
  }

  /** Null: the link has expired. */
  async #changedByLink(
    from: string,
    { definition }: PlanPart,
    signal: AbortSignal | undefined,
  ): Promise<Changed | null> {
    const ids = new Set<string>();
    const deleted = new Set<string>();
    let next = from;
    try {
      for (;;) {
        const page = await this.#client.get(next, signal);
        for (const row of rowsIn({ status: 200, json: page })) {
          const isDeleted = row['reason'] === 'deleted';
          const id = String(isDeleted ? row['id'] : row[definition.primaryId]).toLowerCase();
          ids.add(id);
          if (isDeleted) deleted.add(id);
          else deleted.delete(id);
        }
        const link = page['@odata.deltaLink'];
        if (typeof link === 'string') {
          return { ids: [...ids], deleted, next: { link, version: 0 } };
        }
        next = String(page['@odata.nextLink']);
      }
    } catch (error) {
      const status = error instanceof WebApiFailure ? error.failure.status : null;
      if (status === 400 || status === 403) return null;
      throw error;
    }
  }

  async #changedByVersion(
    session: Session,
    part: PlanPart,
    { version }: TableToken,
    signal: AbortSignal | undefined,
  ): Promise<Changed> {
    if (!this.#mayRead(session, part)) {
      return { ids: [], deleted: new Set(), next: { link: null, version } };
    }
    const newer = `<condition attribute="versionnumber" operator="gt" value="${version}"/>`;
    const rows = await this.#readKeys(session, part, newer, signal);
    const top = rows.reduce((most, [, one]) => Math.max(most, one), version);
    return {
      ids: rows.map(([id]) => id),
      deleted: new Set(),
      next: { link: null, version: top },
    };
  }

  async #newestVersion(
    session: Session,
    part: PlanPart,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    if (!this.#mayRead(session, part)) return 0;
    const { setName, name } = part.definition;
    const fetchXml = `<fetch top="1"><entity name="${name}"><attribute name="versionnumber"/><order attribute="versionnumber" descending="true"/></entity></fetch>`;
    const answer = await this.#client.read(
      `${setName}?fetchXml=${encodeURIComponent(fetchXml)}`,
      signal,
    );
    const [row] = rowsIn(answer);
    return Number(row?.['versionnumber'] ?? 0);
  }

  #mayRead({ privileges: held }: Session, { table }: PlanPart): boolean {
    return (held[table]?.read ?? 0) > 0;
  }

  /** Null stands for a count that was not told: of more rows than are counted. */
  async #counts(
    session: Session,
    parts: readonly PlanPart[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, number | null>> {
    const readable = parts.filter((one) => this.#mayRead(session, one));
    const paths = readable.map(({ table, definition }) => {
      const { primaryId, setName } = definition;
      const filter = filterXml(session, table, '');
      const fetchXml = `<fetch aggregate="true"><entity name="${table}"><attribute name="${primaryId}" alias="n" aggregate="count"/>${filter}</entity></fetch>`;
      return `${setName}?fetchXml=${encodeURIComponent(fetchXml)}`;
    });
    const answers = await Promise.all(paths.map((path) => this.#client.read(path, signal)));
    const counts = new Map<string, number | null>(parts.map(({ table }) => [table, 0]));
    readable.forEach(({ table }, i) => {
      const answer = answers[i];
      // More rows than an aggregate may have are not counted.
      const rows = answer?.status === 200 ? rowsIn(answer) : null;
      counts.set(table, rows === null ? null : Number(rows[0]?.['n'] ?? 0));
    });
    return counts;
  }

  #listing(session: Session, part: PlanPart, signal: AbortSignal | undefined): Promise<Listing> {
    const known = this.#listings.get(part.table);
    if (known !== undefined) return known;
    const read = this.#mayRead(session, part)
      ? this.#readKeys(session, part, '', signal).then((rows) =>
          rows.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
        )
      : Promise.resolve([]);
    this.#listings.set(part.table, read);
    read.catch(() => this.#listings.delete(part.table));
    return read;
  }

  /** Keys and versions of V(T), page by page, in whatever order the organization gives them. */
  async #readKeys(
    session: Session,
    { table, definition }: PlanPart,
    condition: string,
    signal: AbortSignal | undefined,
  ): Promise<(readonly [id: string, version: number])[]> {
    const { primaryId, setName } = definition;
    const found: (readonly [string, number])[] = [];
    let cookie = '';
    for (let page = 1; ; page++) {
      const fetchXml = `<fetch count="5000" page="${page}"${cookie}><entity name="${table}"><attribute name="${primaryId}"/><attribute name="versionnumber"/><order attribute="${primaryId}"/>${filterXml(session, table, condition)}</entity></fetch>`;
      const path = `${setName}?fetchXml=${encodeURIComponent(fetchXml)}`;
      const answer = await this.#client.read(path, signal);
      for (const row of rowsIn(answer)) {
        found.push([String(row[primaryId]).toLowerCase(), Number(row['versionnumber'])]);
      }
      const body = answer.json as Json;
      if (body['@Microsoft.Dynamics.CRM.morerecords'] !== true) return found;
      const told = String(body['@Microsoft.Dynamics.CRM.fetchxmlpagingcookie'] ?? '');
      const inner = /pagingcookie="([^"]*)"/.exec(told)?.[1];
      const plain = inner === undefined ? '' : decodeURIComponent(decodeURIComponent(inner));
      cookie = plain === '' ? '' : ` paging-cookie="${inXml(plain)}"`;
    }
  }

  /** Those of some rows that are in V(T), in the order of the ids. */
  async #rowsOf(
    session: Session,
    part: PlanPart,
    ids: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<TableRows> {
    const { table, definition, slots } = part;
    const { primaryId, setName } = definition;
    const columns = [...new Set(slots.map(({ column }) => column.name))];
    const selected = columns.map((one) => `<attribute name="${one}"/>`).join('');
    const paths: string[] = [];
    for (let at = 0; at < ids.length; at += rowsById) {
      const values = ids
        .slice(at, at + rowsById)
        .map((id) => `<value>${id}</value>`)
        .join('');
      const among = `<condition attribute="${primaryId}" operator="in">${values}</condition>`;
      const fetchXml = `<fetch><entity name="${table}">${selected}${filterXml(session, table, among)}</entity></fetch>`;
      paths.push(`${setName}?fetchXml=${encodeURIComponent(fetchXml)}`);
    }
    const asked = this.#mayRead(session, part) ? paths : [];
    const answers = await Promise.all(asked.map((path) => this.#client.read(path, signal)));
    const rows = answers.flatMap((answer) => rowsIn(answer).map((row) => cellsOf(row, slots)));
    const byId = new Map(rows.map((row) => [String(row[0]), row]));
    return {
      table,
      columns: slots.map((one) => one.name),
      empty: [],
      rows: ids.flatMap((id) => {
        const row = byId.get(id);
        return row === undefined ? [] : [row];
      }),
    };
  }
}

interface Answer {
  readonly changes: TableRows[];
  readonly removes: { table: string; reason: RemoveReason; ids: readonly string[] }[];
  readonly tokens: { token: string; tables: readonly string[] }[];
  readonly check: PullResponse['check'][number][];
}

/** What a device holds of a table. */
interface HeldTable {
  readonly table: string;
  readonly token: string | null;
  readonly view: string | null;
}

interface Changed {
  readonly ids: readonly string[];
  /** Those that the organization says are deleted. */
  readonly deleted: ReadonlySet<string>;
  readonly next: Pick<TableToken, 'link' | 'version'>;
}

function filterXml({ filters }: Session, table: string, condition: string): string {
  const xml = `${filters.get(table)?.xml ?? ''}${condition}`;
  return xml === '' ? '' : `<filter type="and">${xml}</filter>`;
}

/** Whether membership depends on rows of other tables. */
function hasLinks({ item }: PlanPart): boolean {
  return item.filter?.includes('<link-entity') === true;
}

/** A text that may be longer is long; rows with such texts come a few at a time. */
const heavyLength = 1_000_000;
const heavyRows = 4;

function rowsAtATime({ slots }: PlanPart): number {
  const isHeavy = slots.some(({ column }) => (column.maxLength ?? 0) > heavyLength);
  return isHeavy ? heavyRows : Number.POSITIVE_INFINITY;
}

function inXml(text: string): string {
  return text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);
}

/** `prvReadAccount`: depth by table and privilege. Some names of Dataverse stand for several tables. */
function privilegesOf(
  index: ModelIndex,
  { RolePrivileges: granted }: Json,
): HelloResponse['privileges'] {
  const depths = new Map<string, Depth>(
    Object.entries(depthNames).map(([depth, name]) => [name, Number(depth) as Depth]),
  );
  const byName = new Map(privileges.map((one) => [one.toLowerCase(), one]));
  const held: Record<string, Partial<Record<Privilege, Depth>>> = {};
  for (const one of Array.isArray(granted) ? (granted as readonly Json[]) : []) {
    const match = /^prv(create|read|write|delete|appendto|append|assign|share)(.+)$/i.exec(
      String(one['PrivilegeName']),
    );
    const privilege = byName.get(match?.[1]?.toLowerCase() ?? '');
    const depth = depths.get(String(one['Depth'])) ?? 0;
    if (privilege === undefined || match === null) continue;
    for (const table of tablesNamed(index, (match[2] ?? '').toLowerCase())) {
      const rights = held[table] ?? {};
      held[table] = rights;
      if (depth > (rights[privilege] ?? 0)) rights[privilege] = depth;
    }
  }
  return held as Readonly<Record<string, TablePrivileges>>;
}

function tablesNamed({ model }: ModelIndex, name: string): readonly string[] {
  if (name === 'note') return ['annotation'];
  if (name === 'user') return ['systemuser'];
  if (name !== 'activity') return [name];
  return model.tables
    .filter((one) => one.isActivity === true || one.name === 'activitypointer')
    .map((one) => one.name);
}
