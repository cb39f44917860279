import type { RowValues } from '@outpost/model';

/** A row of the sample organization. */
export interface SampleRow {
  readonly table: string;
  readonly id: string;
  readonly values: RowValues;
}
