/**
 * The transport over HTTP, through the platform's `fetch`, or over whatever else carries messages.
 *
 * @packageDocumentation
 */
export {
  type DeviceCode,
  type DeviceCodeOptions,
  deviceCodeTokens,
  type SignIn,
  type TokenKeeper,
} from './device-code.ts';
export {
  type HttpTransportOptions,
  httpTransport,
  type IncomingMessage,
  type MessageTransportOptions,
  messageTransport,
  type OutgoingMessage,
  staticToken,
} from './http-transport.ts';
