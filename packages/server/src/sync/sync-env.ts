import type { IdGenerator } from '@outpost/model';
import type { MessageLimits } from '@outpost/sync/protocol';
import type { PublishedApp } from '../published-app.ts';
import type { UserSecurity } from '../security/security-context.ts';
import type { DeviceView } from '../view/device-view.ts';
import type { WriteEnv } from '../write/write-env.ts';

/** What the handlers of the sync endpoint share. */
export interface SyncEnv extends PublishedApp, WriteEnv {
  readonly ids: IdGenerator;
  readonly messageLimits: MessageLimits;
  /** Told of every unexpected fault; the caller only learns that there was one. */
  readonly onFault: (error: unknown) => void;
}

/** The caller of one request. */
export interface Caller extends UserSecurity {
  readonly views: readonly DeviceView[];
}
