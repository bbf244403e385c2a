import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { siteFolder } from './site.ts'
import { makeCertificates } from '../certificate.ts'
import { cacheMebibytes, type Peer, type PeerCommand, type PeerSetup } from './peer.ts'

const gateway = fileURLToPath(new URL('../../../packages/gateway/', import.meta.url))
const program = join(gateway, 'bin/headgate.js')

/** The gateway of this repository, as built, run as a user runs it. */
export const headgate: Peer = {
  name: 'headgate',
  tls: true,
  find() {
    for (const file of [program, join(gateway, 'bundle/main.js')]) {
      if (!existsSync(file)) return { missing: `${file} is not there (npm run build)` }
    }
    const { version } = JSON.parse(readFileSync(join(gateway, 'package.json'), 'utf8')) as { version: string }
    return { version }
  },
  prepare: (setup) => prepare(setup, configuration(setup)),
}

/** The same with a cache for so many MiB, and so many workers. */
export function cachedHeadgate(workers: number, cache: number = cacheMebibytes): Peer {
  return { ...headgate, prepare: (setup) => prepare(setup, configuration(setup, { workers, cache })) }
}

/** The same as a server of files. */
export const filesHeadgate: Peer = {
  ...headgate,
  prepare: (setup) =>
    prepare(
      setup,
      `workers: 1
listeners: [{ address: '127.0.0.1:${setup.port}' }]
admin: { address: '127.0.0.1:${setup.adminPort}' }
accessLog: false
routes: [{ match: { path: /** }, files: { root: '${siteFolder(setup)}' } }]
`,
    ),
}

/** The same with so many certificates. */
export function certifiedHeadgate(count: number): Peer {
  return {
    ...headgate,
    prepare(setup) {
      const certificates = makeCertificates(setup.folder, count)
      const list = certificates.map(({ certFile, keyFile }) => `{ cert: ${certFile}, key: ${keyFile} }`)
      return prepare(setup, configuration(setup, ONE, `certificates: [${list.join(', ')}]`))
    },
  }
}

/** The same with all that a careful operator turns on. */
export const richHeadgate: Peer = {
  ...headgate,
  prepare: (setup) => prepare(setup, richConfiguration(setup)),
}

/** The same with what a text adds to its configuration, which may be long. */
export function headgateWith(added: () => string): Peer {
  return { ...headgate, prepare: (setup) => prepare(setup, `${configuration(setup)}${added()}`) }
}

/** The same with a schema for what is sent (`orderBody`), on each route. */
export const validatingHeadgate: Peer = {
  ...headgate,
  prepare(setup) {
    const file = join(setup.folder, 'order.schema.json')
    writeFileSync(file, JSON.stringify(ORDER_SCHEMA))
    return prepare(setup, `${configuration(setup)}defaults: { validate: { body: { schema: '${file}' } } }\n`)
  },
}

const ORDER_SCHEMA = {
  type: 'object',
  required: ['id', 'customer', 'items', 'placed'],
  additionalProperties: false,
  properties: {
    id: { type: 'string', pattern: '^[A-Z]{3}-[0-9]+$' },
    customer: {
      type: 'object',
      required: ['name', 'email'],
      properties: { name: { type: 'string', maxLength: 100 }, email: { type: 'string', format: 'email' } },
    },
    items: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: {
        type: 'object',
        required: ['sku', 'quantity'],
        properties: {
          sku: { type: 'string' },
          quantity: { type: 'integer', minimum: 1 },
          price: { type: 'number' },
          note: { type: 'string', maxLength: 200 },
        },
      },
    },
    placed: { type: 'string', format: 'date-time' },
  },
}

function prepare({ folder }: PeerSetup, text: string): PeerCommand {
  const file = join(folder, 'headgate.yaml')
  writeFileSync(file, text)
  return headgateCommand(file)
}

export function headgateCommand(file: string): PeerCommand {
  return { command: process.execPath, args: [program, 'run', '-c', file] }
}

/** The limits are there to be counted, not to be reached: shared, as with several workers. */
function richConfiguration({ port, adminPort, originPort, routes }: PeerSetup): string {
  const lines = Array.from(
    { length: routes },
    (_, route) => `  - name: r${route}
    match: { path: /r${route}/**, headers: { user-agent: headgate-bench } }
    upstream: origin
    retry: { attempts: 3, statuses: [502, 503, 504] }
    rateLimit:
      - { rate: 1000000/s, store: shared }
      - everyone
`,
  )
  return `workers: 1
listeners:
  - { address: '127.0.0.1:${port}' }
admin: { address: '127.0.0.1:${adminPort}' }
accessLog: false
rateLimits:
  everyone: { rate: 10000000/m, key: global, algorithm: token-bucket, store: shared }
upstreams:
  origin:
    endpoints:
      - { url: 'http://127.0.0.1:${originPort}' }
      - { url: 'http://localhost:${originPort}' }
    balance: peak-ewma
    breaker: {}
routes:
${lines.join('')}  - { match: { path: /** }, upstream: origin }
`
}

const ONE = { workers: 1, cache: 0 }

function configuration(
  { port, adminPort, originPort, routes, tls, h2cOrigin }: PeerSetup,
  { workers, cache }: { workers: number; cache: number } = ONE,
  certificates?: string,
): string {
  const cached = cache > 0 ? ', cache: true' : ''
  const own = tls && `cert: ${tls.certFile}, key: ${tls.keyFile}`
  const secure =
    own === undefined
      ? ''
      : `, tls: { ${[own, ...(certificates === undefined ? [] : [certificates])].join(', ')} }`
  const lines = Array.from(
    { length: routes },
    (_, route) =>
      `  - { name: r${route}, match: { path: /r${route}/** }, upstream: '${h2cOrigin ? 'h2c' : 'http'}://127.0.0.1:${originPort}'${cached} }`,
  )
  return `workers: ${workers}
listeners:
  - { address: '127.0.0.1:${port}'${secure} }
admin: { address: '127.0.0.1:${adminPort}' }
accessLog: false
${cache > 0 ? `cache: { memory: ${cache}MiB }\n` : ''}routes:
${lines.join('\n')}
`
}
