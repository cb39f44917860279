import type { IdGenerator, LookupValue, Random, RowValues } from '@outpost/model';
import { directoryRows, namedRows, sampleUsers, unitIds, unitNames } from './directory.ts';
import type { SampleRow } from './sample-row.ts';
import {
  cities,
  companyHeads,
  companyTails,
  firstNames,
  jobTitles,
  lastNames,
  leadTopics,
  productNames,
  sentences,
} from './words.ts';

export interface SampleOptions {
  readonly random: Random;
  /** Milliseconds since the epoch; dates lie around it. */
  readonly now: number;
  /** About how many rows; default 20,000. */
  readonly rows?: number;
}

const day = 86_400_000;
const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const date = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** The share of each table among the generated rows. */
const shares = {
  account: 0.12,
  contact: 0.22,
  lead: 0.13,
  opportunity: 0.1,
  opportunityproduct: 0.08,
  incident: 0.08,
  appointment: 0.02,
  task: 0.04,
  phonecall: 0.03,
  email: 0.02,
  new_visit: 0.04,
  annotation: 0.02,
} as const;

class RowGenerator {
  readonly #random: Random;
  readonly #now: number;
  readonly #total: number;
  readonly #ids: IdGenerator;

  constructor({ random, now, rows = 20_000 }: SampleOptions) {
    this.#random = random;
    this.#now = now;
    this.#total = rows;
    let count = 0;
    this.#ids = {
      next: () =>
        `c0${this.#hex(6)}-${this.#hex(4)}-4${this.#hex(3)}-a${this.#hex(3)}-${(++count).toString(16).padStart(12, '0')}`,
    };
  }

  *rows(): Generator<SampleRow> {
    yield* directoryRows((maxDays) => this.#dates(maxDays));
    const products = [...this.#products()];
    yield* products;
    yield* this.#named();
    const accounts = [...this.#accounts()];
    yield* accounts;
    const contacts = [...this.#contacts(accounts)];
    yield* contacts;
    yield* this.#leads(accounts);
    const opportunities = [...this.#opportunities(accounts)];
    yield* opportunities;
    yield* this.#opportunityProducts(opportunities, products);
    yield* this.#cases(accounts, contacts);
    yield* this.#activities(accounts);
    yield* this.#visits(accounts);
    yield* this.#notes(accounts);
    yield* this.#competitors();
    yield* this.#connections(accounts, contacts);
  }

  *#products(): Generator<SampleRow> {
    for (const [n, name] of productNames.entries()) {
      const price = 50 + this.#int(4000);
      yield {
        table: 'product',
        id: this.#ids.next(),
        values: {
          name,
          productnumber: `P-${1000 + n}`,
          price,
          statecode: n % 9 === 8 ? 1 : 0,
          statuscode: n % 9 === 8 ? 2 : 1,
          ...this.#dates(600),
        },
      };
    }
  }

  /** Rows that stories refer to; all belong to Ana. */
  *#named(): Generator<SampleRow> {
    const owner = this.#owner('ana');
    const alpine: LookupValue = {
      table: 'account',
      id: namedRows.alpine,
      name: 'Alpine Ski House',
    };
    const own = { ...owner, ...this.#dates(300) };
    yield {
      table: 'account',
      id: namedRows.alpine,
      values: {
        name: 'Alpine Ski House',
        accountnumber: 'ALPINE-1',
        telephone1: '+47 555 01 10',
        address1_city: 'Oslo',
        statecode: 0,
        statuscode: 1,
        ...own,
      },
    };
    yield {
      table: 'contact',
      id: namedRows.kai,
      values: {
        firstname: 'Kai',
        lastname: 'Moe',
        parentcustomerid: alpine,
        telephone1: '+47 555 12 00',
        statecode: 0,
        statuscode: 1,
        ...own,
      },
    };
    yield {
      table: 'opportunity',
      id: namedRows.skiLift,
      values: {
        name: 'Ski lift refit',
        customerid: alpine,
        estimatedvalue: 50_000,
        closeprobability: 40,
        estimatedclosedate: iso(this.#now + 30 * day),
        statecode: 0,
        statuscode: 1,
        ...own,
      },
    };
    yield {
      table: 'task',
      id: namedRows.callBack,
      values: {
        subject: 'Call back',
        regardingobjectid: alpine,
        statecode: 0,
        statuscode: 2,
        prioritycode: 1,
        ...own,
      },
    };
  }

  *#accounts(): Generator<SampleRow> {
    for (let n = this.#count('account'); n > 0; n--) {
      const name = `${this.#pick(companyHeads)} ${this.#pick(companyTails)}`;
      const inactive = this.#chance(0.06);
      yield {
        table: 'account',
        id: this.#ids.next(),
        values: {
          name,
          accountnumber: `A-${100_000 + this.#int(900_000)}`,
          telephone1: this.#phone(),
          address1_city: this.#pick(cities),
          emailaddress1: `info@${slug(name)}.example`,
          websiteurl: `https://${slug(name)}.example`,
          industrycode: 1 + this.#int(33),
          numberofemployees: 1 + this.#int(2000),
          revenue: this.#int(90_000) * 100,
          creditonhold: this.#chance(0.05),
          creditlimit: this.#int(50) * 1000,
          description: this.#pick(sentences),
          ...state(inactive),
          ...this.#owner(),
          ...this.#dates(720),
        },
      };
    }
  }

  *#contacts(accounts: readonly SampleRow[]): Generator<SampleRow> {
    for (let n = this.#count('contact'); n > 0; n--) {
      const [firstname, lastname] = [this.#pick(firstNames), this.#pick(lastNames)];
      const parent = this.#pick(accounts);
      yield {
        table: 'contact',
        id: this.#ids.next(),
        values: {
          firstname,
          lastname,
          jobtitle: this.#pick(jobTitles),
          parentcustomerid: lookup(parent, 'name'),
          telephone1: this.#phone(),
          mobilephone: this.#phone(),
          emailaddress1: `${slug(firstname)}.${slug(lastname)}@${slug(String(parent.values['name']))}.example`,
          address1_city: this.#pick(cities),
          birthdate: iso(Date.UTC(1955 + this.#int(48), this.#int(12), 1 + this.#int(28))),
          donotphone: this.#chance(0.1),
          ...state(this.#chance(0.04)),
          ...sameOwner(parent),
          ...this.#dates(720),
        },
      };
    }
  }

  *#leads(accounts: readonly SampleRow[]): Generator<SampleRow> {
    for (let n = this.#count('lead'); n > 0; n--) {
      const account = this.#pick(accounts);
      const rating = 1 + this.#int(3);
      const closed = this.#chance(0.25);
      const budget =
        rating === 1 || this.#chance(0.4) ? { budgetamount: (1 + this.#int(80)) * 1000 } : {};
      yield {
        table: 'lead',
        id: this.#ids.next(),
        values: {
          subject: this.#pick(leadTopics),
          firstname: this.#pick(firstNames),
          lastname: this.#pick(lastNames),
          companyname: String(account.values['name']),
          leadqualitycode: rating,
          leadsourcecode: 1 + this.#int(10),
          emailaddress1: `${slug(this.#pick(lastNames))}@${slug(String(account.values['name']))}.example`,
          telephone1: this.#phone(),
          ...budget,
          ...(closed
            ? { statecode: 2, statuscode: 4 + this.#int(4) }
            : { statecode: 0, statuscode: 1 + this.#int(2) }),
          ...this.#owner(),
          ...this.#dates(240),
        },
      };
    }
  }

  *#opportunities(accounts: readonly SampleRow[]): Generator<SampleRow> {
    for (let n = this.#count('opportunity'); n > 0; n--) {
      const account = this.#pick(accounts);
      const closed = this.#chance(0.4);
      yield {
        table: 'opportunity',
        id: this.#ids.next(),
        values: {
          name: `${this.#pick(leadTopics)} for ${String(account.values['name'])}`,
          customerid: lookup(account, 'name'),
          parentaccountid: lookup(account, 'name'),
          estimatedvalue: (1 + this.#int(400)) * 500,
          closeprobability: this.#int(20) * 5,
          estimatedclosedate: iso(this.#now + (this.#int(240) - 60) * day),
          opportunityratingcode: 1 + this.#int(3),
          ...(closed ? { statecode: 1, statuscode: 3 } : { statecode: 0, statuscode: 1 }),
          ...sameOwner(account),
          ...this.#dates(360),
        },
      };
    }
  }

  *#opportunityProducts(
    opportunities: readonly SampleRow[],
    products: readonly SampleRow[],
  ): Generator<SampleRow> {
    for (let n = this.#count('opportunityproduct'); n > 0; n--) {
      const product = this.#pick(products);
      const name = String(product.values['name']);
      yield {
        table: 'opportunityproduct',
        id: this.#ids.next(),
        values: {
          opportunityproductname: name,
          opportunityid: lookup(this.#pick(opportunities), 'name'),
          productid: lookup(product, 'name'),
          quantity: 1 + this.#int(40),
          priceperunit: product.values['price'] ?? 0,
          ...this.#dates(200),
        },
      };
    }
  }

  *#cases(accounts: readonly SampleRow[], contacts: readonly SampleRow[]): Generator<SampleRow> {
    for (let n = this.#count('incident'); n > 0; n--) {
      const account = this.#pick(accounts);
      const contact = this.#pick(contacts);
      const resolved = this.#chance(0.55);
      yield {
        table: 'incident',
        id: this.#ids.next(),
        values: {
          title: this.#pick(sentences).replace(/\.$/, ''),
          ticketnumber: `CAS-${10_000 + this.#int(90_000)}`,
          customerid: lookup(account, 'name'),
          primarycontactid: {
            table: 'contact',
            id: contact.id,
            name: `${String(contact.values['firstname'])} ${String(contact.values['lastname'])}`,
          },
          prioritycode: 1 + this.#int(3),
          caseorigincode: 1 + this.#int(3),
          ...(resolved
            ? { statecode: 1, statuscode: 5 }
            : { statecode: 0, statuscode: 1 + this.#int(4) }),
          ...sameOwner(account),
          ...this.#dates(400),
        },
      };
    }
  }

  *#activities(accounts: readonly SampleRow[]): Generator<SampleRow> {
    for (const table of ['appointment', 'task', 'phonecall', 'email'] as const) {
      for (let n = this.#count(table); n > 0; n--) {
        const account = this.#pick(accounts);
        const at = this.#now + (this.#int(60) - 30) * day + this.#int(10) * 3_600_000;
        const open = { appointment: [3, 5], task: [0, 2], phonecall: [0, 1], email: [1, 3] }[table];
        yield {
          table,
          id: this.#ids.next(),
          values: {
            subject: `${{ appointment: 'Meeting with', task: 'Prepare offer for', phonecall: 'Call', email: 'Offer to' }[table]} ${String(account.values['name'])}`,
            regardingobjectid: lookup(account, 'name'),
            scheduledstart: iso(at),
            scheduledend: iso(at + 3_600_000),
            prioritycode: this.#int(3),
            ...(table === 'phonecall'
              ? { phonenumber: account.values['telephone1'] ?? null, directioncode: true }
              : {}),
            statecode: open[0] ?? 0,
            statuscode: open[1] ?? 1,
            ...sameOwner(account),
            ...this.#dates(60),
          },
        };
      }
    }
  }

  *#visits(accounts: readonly SampleRow[]): Generator<SampleRow> {
    for (let n = this.#count('new_visit'); n > 0; n--) {
      const account = this.#pick(accounts);
      yield {
        table: 'new_visit',
        id: this.#ids.next(),
        values: {
          new_name: `Visit to ${String(account.values['name'])}`,
          new_accountid: lookup(account, 'name'),
          new_visitedon: date(this.#now - this.#int(300) * day),
          new_outcome: 100_000_000 + this.#int(3),
          new_notes: this.#pick(sentences),
          ...state(false),
          ...sameOwner(account),
          ...this.#dates(300),
        },
      };
    }
  }

  *#notes(accounts: readonly SampleRow[]): Generator<SampleRow> {
    for (let n = this.#count('annotation'); n > 0; n--) {
      const account = this.#pick(accounts);
      yield {
        table: 'annotation',
        id: this.#ids.next(),
        values: {
          subject: 'Note',
          notetext: this.#pick(sentences),
          objectid: lookup(account, 'name'),
          isdocument: false,
          ...sameOwner(account),
          ...this.#dates(200),
        },
      };
    }
  }

  *#competitors(): Generator<SampleRow> {
    for (const head of companyHeads.slice(0, 12)) {
      const id = this.#ids.next();
      yield {
        table: 'competitor',
        id,
        values: {
          name: `${head} Rivals`,
          websiteurl: `https://${slug(head)}-rivals.example`,
          ...this.#dates(500),
        },
      };
      yield {
        table: 'competitoraddress',
        id: this.#ids.next(),
        values: {
          name: 'Head office',
          city: this.#pick(cities),
          parentid: { table: 'competitor', id, name: `${head} Rivals` },
          ...this.#dates(500),
        },
      };
    }
  }

  *#connections(
    accounts: readonly SampleRow[],
    contacts: readonly SampleRow[],
  ): Generator<SampleRow> {
    for (let n = Math.floor(this.#total * 0.01); n > 0; n--) {
      const account = this.#pick(accounts);
      const contact = this.#pick(contacts);
      yield {
        table: 'connection',
        id: this.#ids.next(),
        values: {
          name: String(account.values['name']),
          record1id: lookup(account, 'name'),
          record2id: {
            table: 'contact',
            id: contact.id,
            name: `${String(contact.values['firstname'])} ${String(contact.values['lastname'])}`,
          },
          record2roleid: {
            table: 'connectionrole',
            id: `c01e00${this.#int(4)}0-0000-4000-8000-000000000001`,
          },
          ...state(false),
          ...sameOwner(account),
          ...this.#dates(200),
        },
      };
    }
  }

  #count(table: keyof typeof shares): number {
    // Activities also appear as activity pointers, so the shares add up to less than one.
    return Math.max(1, Math.floor(this.#total * shares[table]));
  }

  #owner(name?: keyof typeof sampleUsers): RowValues {
    const draw = this.#random.next();
    const user =
      sampleUsers[name ?? (draw < 0.4 ? 'ana' : draw < 0.7 ? 'ben' : draw < 0.9 ? 'dev' : 'carla')];
    const unit = unitIds[user.unit];
    return {
      ownerid: { table: 'systemuser', id: user.id, name: `${user.first} ${user.last}` },
      owningbusinessunit: {
        table: 'businessunit',
        id: unit,
        name: unitNames[user.unit],
      },
    };
  }

  #dates(maxDays: number): RowValues {
    const created = this.#now - this.#int(maxDays * 24) * 3_600_000;
    return {
      createdon: iso(created),
      modifiedon: iso(
        created + this.#int(Math.max(1, Math.floor((this.#now - created) / 1000))) * 1000,
      ),
    };
  }

  #phone(): string {
    return `+47 555 ${String(this.#int(100)).padStart(2, '0')} ${String(this.#int(100)).padStart(2, '0')}`;
  }
  #int(below: number): number {
    return Math.floor(this.#random.next() * below);
  }
  #chance(probability: number): boolean {
    return this.#random.next() < probability;
  }
  #hex(digits: number): string {
    return this.#int(16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  }
  #pick<T>(items: readonly T[]): T {
    return items[this.#int(items.length)] as T;
  }
}

function lookup(row: SampleRow, name: string): LookupValue {
  return { table: row.table, id: row.id, name: String(row.values[name] ?? '') };
}
function sameOwner(row: SampleRow): RowValues {
  return {
    ownerid: row.values['ownerid'] ?? null,
    owningbusinessunit: row.values['owningbusinessunit'] ?? null,
  };
}
function state(inactive: boolean): RowValues {
  return inactive ? { statecode: 1, statuscode: 2 } : { statecode: 0, statuscode: 1 };
}
function slug(text: string): string {
  return text
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '');
}

/** Believable rows for the sample app; the same random gives the same rows. */
export function generateRows(options: SampleOptions): Iterable<SampleRow> {
  return new RowGenerator(options).rows();
}
