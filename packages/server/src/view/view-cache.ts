import type { Dialect } from '@outpost/query';
import type { PublishedApp } from '../published-app.ts';
import type { UserSecurity } from '../security/security-context.ts';
import { compileViews, type DeviceView, dayOf, usesToday } from './device-view.ts';

/** Users whose views are kept, about; each is a few kilobytes. */
const most = 500;

/**
 * Views of callers, compiled once for all requests that they would be the same for. What they depend on is the key, so
 * a changed right is another key: nothing is ever to be thrown away for being old.
 */
export class ViewCache {
  readonly #app: Pick<PublishedApp, 'index' | 'plan'>;
  readonly #dialect: Dialect;
  readonly #hasTimes: boolean;
  #views = new Map<string, readonly DeviceView[]>();

  constructor(app: Pick<PublishedApp, 'index' | 'plan'>, dialect: Dialect) {
    this.#dialect = dialect;
    this.#app = app;
    this.#hasTimes = app.plan.some(({ item }) => usesToday(item.filter));
  }

  of(security: UserSecurity, now: number): readonly DeviceView[] {
    const { context, shareStamps } = security;
    // Ages of rows count in days; a filter may count in hours.
    const time = this.#hasTimes ? now : dayOf(now);
    const key = JSON.stringify([time, context, [...shareStamps]]);
    const known = this.#views.get(key);
    if (known !== undefined) return known;
    const views = compileViews(this.#app, security, this.#dialect, now);
    if (this.#views.size >= most) this.#views.clear();
    this.#views.set(key, views);
    return views;
  }
}
