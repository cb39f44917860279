import { streamXml } from './xml/xml-tree.ts';

export interface RawField {
  readonly name: string;
  readonly value: string;
  readonly lookupTable: string | null;
  readonly lookupName: string | null;
  /** Of a party list: its parties, which stand as whole records inside the field. */
  readonly parties: RawParty[];
}
export interface RawParty {
  readonly table: string;
  readonly id: string;
  readonly name: string | null;
}
export interface RawRow {
  readonly table: string;
  readonly id: string;
  readonly fields: readonly RawField[];
}
export interface RawPair {
  /** Schema name of the relationship, or name of its intersect table. */
  readonly relationship: string;
  /** Table of `source`. */
  readonly table: string;
  readonly source: string;
  readonly targets: string[];
}

/** Rows and pairs of `data.xml` as they stand there, before any column types them. */
export function readRaw(xml: string): {
  readonly rows: readonly RawRow[];
  readonly pairs: readonly RawPair[];
} {
  const rows: RawRow[] = [];
  const pairs: RawPair[] = [];
  let table = '';
  let fields: RawField[] | null = null;
  let pair: RawPair | null = null;
  // Fields inside a field are those of its parties.
  let fieldDepth = 0;
  streamXml(xml, 'data.xml', {
    open(name, attributes) {
      if (name === 'field') fieldDepth += 1;
      if (name === 'entity') table = (attributes['name'] ?? '').toLowerCase();
      else if (name === 'record' && fieldDepth === 0) {
        fields = [];
        rows.push({ table, id: attributes['id'] ?? '', fields });
      } else if (name === 'field' && fields !== null && fieldDepth === 1) {
        fields.push({
          name: attributes['name'] ?? '',
          value: attributes['value'] ?? '',
          lookupTable: attributes['lookupentity'] ?? null,
          lookupName: attributes['lookupentityname'] ?? null,
          parties: [],
        });
      } else if (name === 'field' && attributes['name'] === 'partyid') {
        fields?.at(-1)?.parties.push({
          table: attributes['lookupentity'] ?? '',
          id: attributes['value'] ?? '',
          name: attributes['lookupentityname'] ?? null,
        });
      } else if (name === 'm2mrelationship') {
        pair = {
          relationship: attributes['m2mrelationshipname'] ?? '',
          table,
          source: attributes['sourceid'] ?? '',
          targets: [],
        };
        pairs.push(pair);
      }
    },
    close(name, text) {
      if (name === 'field') fieldDepth -= 1;
      if (name === 'record' && fieldDepth === 0) fields = null;
      if (name === 'targetid') pair?.targets.push(text);
    },
  });
  return { rows, pairs };
}
