import { queryTypes, siteMapTables } from '@outpost/model';
import { describe, expect, onTestFinished, test } from 'vitest';
import { corpusFile, hasCorpus } from './corpus.ts';
import { openSyncedPhone } from './synced-phone.ts';

describe.skipIf(!hasCorpus)('a real app on the device', () => {
  test.each([
    ['higher-education', 7],
    ['education-common', 7],
  ])(
    '%s: the tables of its site map, real rows in their default views, their forms',
    async (name, least) => {
      const { world, phone } = await openSyncedPhone({
        solution: corpusFile(name, 'solution'),
        data: corpusFile(name, 'data'),
      });
      onTestFinished(() => world.close());
      const { device } = phone;
      const tables = siteMapTables(device.model.siteMap);
      expect(tables.length).toBeGreaterThanOrEqual(least);
      let withRows = 0;
      for (const table of tables) {
        for (const { view, reasons } of device.views(table)) {
          if (!view.isDefault || view.queryType !== queryTypes.public || reasons.length > 0)
            continue;
          const result = device.queries.run({ view: view.id }, { limit: 20, offset: 0 });
          expect([view.name, result.kind]).toEqual([view.name, 'ok']);
          const [row] = result.kind === 'ok' ? result.value.rows : [];
          if (row === undefined) continue;
          withRows += 1;
          expect(device.openForm(table, row.id).current.sections.length).toBeGreaterThan(0);
        }
      }
      expect(withRows).toBeGreaterThanOrEqual(5);
      const odd = device.model.savedQueries.flatMap((view): unknown[] => {
        const reasons = device.queries.availability(view);
        const kinds = reasons.map((one) => one.reason);
        if (kinds.length > 0) return kinds.includes('invalidQuery') ? [[view.name, reasons]] : [];
        const result = device.queries.run({ view: view.id }, { limit: 5, offset: 0 });
        return result.kind === 'ok' ? [] : [[view.name, result.errors]];
      });
      expect(odd).toEqual([]);
    },
  );
});
