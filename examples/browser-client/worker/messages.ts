/** What the page asks of the device in the worker. */
export type ToDevice =
  | { readonly kind: 'find'; readonly term: string }
  | {
      readonly kind: 'save';
      readonly id: string;
      readonly values: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'sync' };

/** What the page shows; the worker sends it whenever something has changed. */
export interface DeviceView {
  readonly ready: boolean;
  readonly icon: string;
  readonly pending: number;
  readonly errors: number;
  readonly progress: string | null;
  readonly message: string;
  readonly total: number;
  readonly rows: readonly { readonly id: string; readonly name: string; readonly phone: string }[];
}
