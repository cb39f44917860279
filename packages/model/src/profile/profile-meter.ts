/** What is to be compared with what is recommended. */
export interface ProfileUse {
  /** Rows on the device, those of hidden tables included. */
  readonly rows: number;
  /** Tables of the profile. */
  readonly tables: number;
  /** Bytes of rows. */
  readonly dataBytes: number;
  /** Bytes of files and images. */
  readonly fileBytes: number;
}

const gigabyte = 1_000_000_000;

/**
 * What a profile should stay below for a first sync and updates that people do not wait for. More works, slower.
 *
 * Source: https://learn.microsoft.com/en-us/power-apps/mobile/mobile-offline-guidelines
 */
export const recommendedUse: ProfileUse = {
  rows: 200_000,
  tables: 100,
  dataBytes: gigabyte,
  fileBytes: 4 * gigabyte,
};

/** One pointer of the meter. */
export interface MeterReading {
  readonly what: keyof ProfileUse;
  readonly used: number;
  readonly recommended: number;
  /** Of what is recommended; 1: all of it. */
  readonly share: number;
  /** `near`: from 80 %. `over`: more than is recommended. */
  readonly level: 'good' | 'near' | 'over';
}

const nearFrom = 0.8;

/** A meter of how much of what is recommended a profile uses, on a device or as an estimate of its publisher. */
export function profileMeter(use: ProfileUse): readonly MeterReading[] {
  return (['rows', 'tables', 'dataBytes', 'fileBytes'] as const).map((what) => {
    const [used, recommended] = [use[what], recommendedUse[what]];
    const share = used / recommended;
    const level = share > 1 ? 'over' : share >= nearFrom ? 'near' : 'good';
    return { what, used, recommended, share, level };
  });
}
