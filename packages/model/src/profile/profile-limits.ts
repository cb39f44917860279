/** Limits of offline profiles. They changed over the years, so they are data. */
export interface ProfileLimits {
  /** Relationships of one table, those of related tables included. */
  readonly relationships: number;
  /** Relationships of one table that bring many rows for one (1:N, N:N). */
  readonly toManyRelationships: number;
  /** Conditions of a custom filter. */
  readonly filterConditions: number;
  /** Image columns of a profile. */
  readonly imageColumns: number;
  /** Rows on a device, hidden tables included. */
  readonly rows: number;
  /** Minutes between two syncs of a table. */
  readonly intervalMinutes: { readonly min: number; readonly max: number };
}

const common = { rows: 3_000_000, intervalMinutes: { min: 5, max: 1440 } } as const;

/** `seed`: what the product was first documented with. `current`: today's documentation. */
export const profileLimits: Readonly<Record<'seed' | 'current', ProfileLimits>> = {
  seed: {
    relationships: 10,
    toManyRelationships: 1,
    filterConditions: 3,
    imageColumns: 14,
    ...common,
  },
  current: {
    relationships: 15,
    toManyRelationships: Number.POSITIVE_INFINITY,
    filterConditions: 6,
    imageColumns: 14,
    ...common,
  },
};
