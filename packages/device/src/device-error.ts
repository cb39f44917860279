export type DeviceErrorCode =
  | 'device.notReady'
  | 'device.otherUser'
  | 'device.closed'
  | 'device.unknownTable'
  | 'device.unknownColumn'
  | 'device.invalidId'
  | 'device.unknownDraft';

/** A call that makes no sense now: what, and what to do next. Expected outcomes are values instead. */
export class DeviceError extends Error {
  readonly code: DeviceErrorCode;
  readonly fix: string;

  constructor(code: DeviceErrorCode, message: string, fix: string) {
    super(message);
    this.name = 'DeviceError';
    this.code = code;
    this.fix = fix;
  }
}
