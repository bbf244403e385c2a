// What an attacker does who can write into Object.prototype: each option that a program leaves out is set to what would hurt most.
// It runs the files of tests that it is given under that, once they have loaded: Node's own loader does not survive it.
import { pathToFileURL } from 'node:url'

const refused = (): Promise<never> => Promise.reject(new Error('an option was read from Object.prototype'))
const credentials = { scheme: 'bearer', field: 'authorization', origins: undefined, proof: refused }

const HOSTILE: Readonly<Record<string, unknown>> = {
  // Of a client and a call.
  auth: credentials,
  baseUrl: 'http://127.0.0.1:1',
  breaker: { consecutiveFailures: 1, openFor: 1e9 },
  cookies: true,
  decompress: false,
  dedupe: true,
  guard: false,
  hedge: { delay: 0 },
  json: 'an option was read from Object.prototype',
  maxBody: 1,
  maxBufferedBody: 1,
  maxPages: 1,
  pacing: true,
  policies: [() => refused],
  pool: { maxConnections: 1, pendingTimeout: 1 },
  preset: 'minimal',
  priority: 'low',
  proxy: { url: 'http://127.0.0.1:1' },
  query: { leaked: 'yes' },
  rateLimit: { rate: 1, maxWait: 0 },
  redirectMode: 'error',
  retry: { attempts: 50, backoff: { base: 1, max: 1 } },
  throwOnStatus: false,
  tls: { verify: false },
  transport: refused,
  // Within them.
  accepted: refused,
  allow: ['127.0.0.0/8', '10.0.0.0/8'],
  allowHosts: ['localhost', '*.internal'],
  deadline: 1,
  idle: 1,
  jitter: 'decorrelated',
  maxSize: 1,
  noProxy: '*',
  queueTimeout: 1,
  renewed: refused,
  spool: 1,
  verify: false,
  // Of endpoints, connections, requests and errors.
  address: '127.0.0.9',
  bytesSent: 4711,
  dial: refused,
  gate: refused,
  health: { kind: 'tcp' },
  open: refused,
  outliers: {},
  resolver: { resolve: refused },
  retryAfter: 4711,
  sticky: { cookie: 'leaked' },
  upgrade: 'websocket',
  weight: 0,
  // Of node:net and node:tls.
  checkServerIdentity: () => undefined,
  localAddress: '127.0.0.9',
  minDHSize: 1,
  pskCallback: () => null,
  rejectUnauthorized: false,
}

for (const file of process.argv.slice(2)) await import(pathToFileURL(file).href)

// As an assignment would: it can be written over, and is seen by `for … in`.
for (const [name, value] of Object.entries(HOSTILE))
  Reflect.defineProperty(Object.prototype, name, {
    value,
    writable: true,
    configurable: true,
    enumerable: true,
  })
