/** The transport over HTTP, through the platform's `fetch`. */
export { httpTransport, type HttpTransportOptions, staticToken } from './http-transport.ts';
