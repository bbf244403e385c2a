import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'

/** Answers a request; `times` counts those of the same method and path, from 1. */
type Service = (request: IncomingMessage, response: ServerResponse, times: number) => void | Promise<void>

const ADA = { id: 1, name: 'Ada' }
const ITEMS = [{ id: 1 }, { id: 2 }, { id: 3 }]

/** The services that the examples of the documentation call, by method and path. */
const SERVICES: Readonly<Record<string, Service>> = {
  'GET /users': (_, response) => json(response, 200, [ADA]),
  'GET /users/1': (_, response) => json(response, 200, ADA),
  'HEAD /users/1': (_, response) => json(response, 200, ADA),
  'PUT /users/1': async (request, response) => json(response, 200, JSON.parse(await content(request))),
  'PATCH /users/1': async (request, response) =>
    json(response, 200, { ...ADA, ...(JSON.parse(await content(request)) as object) }),
  'DELETE /users/1': (_, response) => void response.writeHead(204).end(),
  'POST /users': async (request, response) =>
    json(response, 201, { id: 2, ...(JSON.parse(await content(request)) as object) }),
  'POST /login': async (request, response) => {
    const user = new URLSearchParams(await content(request)).get('user') ?? 'nobody'
    response.setHeader('set-cookie', `session=${user}; Path=/; HttpOnly; Secure`)
    json(response, 200, { user })
  },
  'GET /session': ({ headers }, response) => json(response, 200, { cookie: headers.cookie ?? 'none' }),
  'GET /search': ({ url = '' }, response) => json(response, 200, { query: url.slice(url.indexOf('?')) }),
  'GET /headers': ({ headers }, response) => json(response, 200, headers),
  'GET /missing': (_, response) => json(response, 404, { message: 'there is no such user' }),
  'GET /flaky': (_, response, times) =>
    times % 2 === 1 ? json(response, 503, {}) : json(response, 200, { times }),
  'GET /down': (_, response) => json(response, 503, {}),
  'GET /busy': (_, response) => void response.writeHead(429, { 'retry-after': '3600' }).end(),
  'GET /slow': () => {}, // it never answers
  'GET /sometimes-slow': (_, response, times) => {
    if (times > 1) json(response, 200, ADA)
  },
  'POST /orders': async (request, response, times) => {
    await content(request)
    if (times === 1) return json(response, 503, {})
    json(response, 201, { order: 7, key: request.headers['idempotency-key'] ?? 'none' })
  },
  'POST /uploads': async (request, response, times) => {
    const bytes = Buffer.byteLength(await content(request))
    json(response, times === 1 && request.url?.includes('flaky') ? 503 : 200, { bytes })
  },
  'POST /avatars': async (request, response) => {
    const type = request.headers['content-type']?.split(';')[0]
    json(response, 200, { type, bytes: (await content(request)).length > 0 })
  },
  'GET /rates': (_, response) => {
    response.setHeader('cache-control', 'max-age=60')
    json(response, 200, { EUR: 1 })
  },
  'GET /old': (_, response) => void response.writeHead(301, { location: '/users/1' }).end(),
  'GET /report': ({ headers }, response) => {
    const zipped = headers['accept-encoding']?.includes('gzip') === true
    response.setHeader('content-type', 'text/plain')
    if (zipped) response.setHeader('content-encoding', 'gzip')
    response.end(zipped ? gzipSync('all is well') : 'all is well')
  },
  'GET /export': (_, response) => {
    response.setHeader('content-type', 'application/octet-stream')
    for (let part = 0; part < 4; part++) response.write(Buffer.alloc(16_384))
    response.end()
  },
  'GET /me': ({ headers, url = '' }, response) => {
    const key = headers['x-api-key'] ?? new URL(url, 'http://host').searchParams.get('key')
    const [scheme] = headers.authorization?.split(' ') ?? []
    json(response, scheme === undefined && key === null ? 401 : 200, { ...ADA, by: scheme ?? 'key' })
  },
  'GET /legacy/me': ({ headers, url = '' }, response) => {
    if (headers.authorization === undefined)
      response.setHeader(
        'www-authenticate',
        'Digest realm="legacy", qop="auth", algorithm=SHA-256, nonce="abc"',
      )
    json(response, isDigestOf(headers.authorization, 'GET', url) ? 200 : 401, ADA)
  },
  'POST /oauth/token': async (request, response) => {
    const form = new URLSearchParams(await content(request))
    json(response, 200, {
      access_token: `t-${form.get('grant_type')}`,
      token_type: 'Bearer',
      expires_in: 3600,
    })
  },
  'GET /events': ({ headers }, response) => events(response, headers['last-event-id'] === undefined ? 1 : 2),
  'POST /chat': async (request, response) => {
    await content(request)
    events(response, 1, 2)
  },
  'GET /items': ({ url = '' }, response) => {
    const second = url.includes('after=2')
    if (!second) response.setHeader('link', '</items?after=2>; rel="next"')
    json(response, 200, second ? ITEMS.slice(2) : ITEMS.slice(0, 2))
  },
  'GET /orders': ({ url = '' }, response) => {
    const second = url.includes('cursor=2')
    json(response, 200, second ? { data: ITEMS.slice(2) } : { data: ITEMS.slice(0, 2), next: 2 })
  },
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

async function content(request: IncomingMessage): Promise<string> {
  return Buffer.concat((await request.toArray()) as Buffer[]).toString('latin1')
}

/** Ends after the events, so that who wants more has to come back. */
function events(response: ServerResponse, ...ids: readonly number[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(`retry: 1\n\n${ids.map((id) => `id: ${id}\ndata: event ${id}\n\n`).join('')}`)
}

/** What RFC 7616 3.4.1 has a client prove: here for the user "ada" with the password "secret". */
function isDigestOf(authorization: string | undefined, method: string, uri: string): boolean {
  const part = (name: string): string =>
    new RegExp(`\\b${name}="?([^",]+)`).exec(authorization ?? '')?.[1] ?? ''
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
  const [secret, target] = [hash('ada:legacy:secret'), hash(`${method}:${uri}`)]
  return part('response') === hash(`${secret}:abc:${part('nc')}:${part('cnonce')}:auth:${target}`)
}

/** All services, as if nobody had called them before. */
export function services(): (request: IncomingMessage, response: ServerResponse) => void {
  const counts = new Map<string, number>()
  return (request, response) => {
    const name = `${request.method} ${request.url?.split('?')[0]}`
    const times = (counts.get(name) ?? 0) + 1
    counts.set(name, times)
    const service = SERVICES[name]
    if (service === undefined) return json(response, 501, { message: `the examples have no ${name}` })
    void service(request, response, times)
  }
}
