import { DEFAULT_CIPHERS } from 'node:tls'

/*
 * Every option that node:net and node:tls (Node 22 to 26) read when they connect, and that we leave out. They copy what they are given
 * into plain objects and read those, so that without these a property of `Object.prototype` would choose the socket's path, its
 * descriptor or its certificates (prototype pollution, CWE-1321).
 */

/** Of `net.connect`. */
export const SOCKET_DEFAULTS: Readonly<Record<string, undefined | false>> = {
  autoSelectFamily: false,
  blockList: undefined,
  family: undefined,
  fd: undefined,
  handle: undefined,
  highWaterMark: undefined,
  hints: undefined,
  localAddress: undefined,
  localPort: undefined,
  lookup: undefined,
  manualStart: undefined,
  objectMode: undefined,
  path: undefined,
  pauseOnCreate: undefined,
  readable: undefined,
  readableObjectMode: undefined,
  signal: undefined,
  timeout: undefined,
  typeOfService: undefined,
  writable: undefined,
  writableObjectMode: undefined,
}

/** Of `tls.connect`, beside the above. */
export const TLS_DEFAULTS: Readonly<Record<string, undefined | string | number>> = {
  ca: undefined,
  cert: undefined,
  ciphers: DEFAULT_CIPHERS,
  clientCertEngine: undefined,
  enableTrace: undefined,
  key: undefined,
  minDHSize: 1024,
  pfx: undefined,
  pskCallback: undefined,
  requestOCSP: undefined,
  secureContext: undefined,
  session: undefined,
  singleUse: undefined,
  socket: undefined,
}
