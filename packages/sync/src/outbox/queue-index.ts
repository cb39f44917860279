/**
 * What is asked of the queue at every edit, kept beside it: how much waits, what needs what, and which rows edits name. So
 * an edit costs the same however many wait. Temporary tables, made at each opening from the queue itself and kept by
 * triggers: whatever writes to the queue, they follow, and no copy or older version of a database can disagree with them.
 */
import type { SqlDriver } from '@outpost/store';

/** States in which an edit still has to go up. */
const waits = (row: 'OLD' | 'NEW') => `${row}.state IN ('queued', 'sent')`;

const tables: readonly string[] = [
  'CREATE TEMP TABLE "$waiting" (edits INTEGER NOT NULL, rows INTEGER NOT NULL)',
  'INSERT INTO "$waiting" VALUES (0, 0)',
  `CREATE TEMP TABLE "$waiting_row" (table_name TEXT, row_id TEXT, edits INTEGER NOT NULL,
    PRIMARY KEY (table_name, row_id)) WITHOUT ROWID`,
  // `by` needs the entry to go before it, or stands on it.
  `CREATE TEMP TABLE "$needed" (epoch TEXT, seq INTEGER, by_epoch TEXT, by_seq INTEGER,
    PRIMARY KEY (epoch, seq, by_seq, by_epoch)) WITHOUT ROWID`,
  'CREATE INDEX temp."$needed_by" ON "$needed" (by_epoch, by_seq)',
  // Ids in new and old cells.
  `CREATE TEMP TABLE "$mentioned" (row_id TEXT, epoch TEXT, seq INTEGER,
    PRIMARY KEY (row_id, seq, epoch)) WITHOUT ROWID`,
  'CREATE INDEX temp."$mentioned_by" ON "$mentioned" (epoch, seq)',
];

const countIn = `
  INSERT INTO "$waiting_row" VALUES (NEW.table_name, NEW.row_id, 1)
    ON CONFLICT (table_name, row_id) DO UPDATE SET edits = edits + 1;
  UPDATE "$waiting" SET edits = edits + 1, rows = rows + (SELECT edits = 1 FROM "$waiting_row" w
    WHERE w.table_name = NEW.table_name AND w.row_id = NEW.row_id);`;

const countOut = `
  UPDATE "$waiting_row" SET edits = edits - 1 WHERE table_name = OLD.table_name AND row_id = OLD.row_id;
  UPDATE "$waiting" SET edits = edits - 1, rows = rows - (SELECT edits = 0 FROM "$waiting_row" w
    WHERE w.table_name = OLD.table_name AND w.row_id = OLD.row_id);
  DELETE FROM "$waiting_row" WHERE table_name = OLD.table_name AND row_id = OLD.row_id AND edits = 0;`;

const linkIn = `
  INSERT OR IGNORE INTO "$needed" SELECT value ->> 0, value ->> 1, NEW.epoch, NEW.seq FROM json_each(NEW.after_json);
  INSERT OR IGNORE INTO "$needed" SELECT NEW.base_of ->> 0, NEW.base_of ->> 1, NEW.epoch, NEW.seq
    WHERE NEW.base_of IS NOT NULL;
  INSERT OR IGNORE INTO "$mentioned" SELECT value, NEW.epoch, NEW.seq FROM json_each(NEW.set_json)
    WHERE type = 'text' AND length(value) = 36;
  INSERT OR IGNORE INTO "$mentioned" SELECT value, NEW.epoch, NEW.seq FROM json_each(NEW.base_json)
    WHERE type = 'text' AND length(value) = 36;`;

const linkOut = `
  DELETE FROM "$needed" WHERE by_epoch = OLD.epoch AND by_seq = OLD.seq;
  DELETE FROM "$mentioned" WHERE epoch = OLD.epoch AND seq = OLD.seq;`;

const triggers: readonly (readonly [event: string, when: string, body: string])[] = [
  ['INSERT', waits('NEW'), countIn],
  ['DELETE', waits('OLD'), countOut],
  ['UPDATE', `${waits('OLD')} AND NOT ${waits('NEW')}`, countOut],
  ['UPDATE', `${waits('NEW')} AND NOT ${waits('OLD')}`, countIn],
  ['INSERT', '1', linkIn],
  ['DELETE', '1', linkOut],
  ['UPDATE OF epoch, seq, after_json, base_of, set_json, base_json', '1', linkOut + linkIn],
];

const fill: readonly string[] = [
  `INSERT INTO "$waiting_row" SELECT table_name, row_id, count(*) FROM main."$outbox"
    WHERE state IN ('queued', 'sent') GROUP BY 1, 2`,
  'UPDATE "$waiting" SET edits = (SELECT coalesce(sum(edits), 0) FROM "$waiting_row"), rows = (SELECT count(*) FROM "$waiting_row")',
  `INSERT OR IGNORE INTO "$needed" SELECT value ->> 0, value ->> 1, o.epoch, o.seq FROM main."$outbox" o, json_each(o.after_json)`,
  `INSERT OR IGNORE INTO "$needed" SELECT base_of ->> 0, base_of ->> 1, epoch, seq FROM main."$outbox" WHERE base_of IS NOT NULL`,
  ...['set_json', 'base_json'].map(
    (
      cells,
    ) => `INSERT OR IGNORE INTO "$mentioned" SELECT value, o.epoch, o.seq FROM main."$outbox" o, json_each(o.${cells})
      WHERE type = 'text' AND length(value) = 36`,
  ),
];

/** Makes the tables from what is queued, and has them follow it. Once for each connection. */
export function openQueueIndex(driver: SqlDriver): void {
  for (const sql of tables) driver.exec(sql);
  for (const [i, [event, when, body]] of triggers.entries()) {
    driver.exec(
      `CREATE TEMP TRIGGER "$queue_${i}" AFTER ${event} ON main."$outbox" WHEN ${when} BEGIN ${body} END`,
    );
  }
  for (const sql of fill) driver.exec(sql);
}
