/** The transport over HTTP, through the platform's `fetch`. */
export { type HttpTransportOptions, httpTransport, staticToken } from './http-transport.ts';
