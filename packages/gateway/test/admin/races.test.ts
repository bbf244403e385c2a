import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startOrigin } from '../origin.ts'
import {
  type CallAnswer,
  type ChangingGateway,
  configWith,
  startChanging,
} from '../versions/running-gateway.ts'

const ROUTE = { match: { path: '/' }, upstream: 'orders', rateLimit: [{ name: 'own', rate: '9/s' }] }
const COUNTERS = 4
const STEPS = 4
const WRITERS = 3
const PAGES = 2
const EDITS = 3

type Route = { readonly name: string }

/** Reads, changes what was read on the condition that it still holds, and begins anew where it does not. */
async function swap(
  read: () => Promise<CallAnswer>,
  write: (etag: string, was: CallAnswer) => Promise<CallAnswer>,
) {
  for (let tries = 0; tries < 1_000; tries++) {
    const was = await read()
    const { status } = await write(was.headers.get('etag') ?? '', was)
    if (status === 200) return
    assert.equal(status, 412)
  }
  assert.fail('it never got its turn')
}

async function countUp(gateway: ChangingGateway, path: string): Promise<void> {
  const upstream = () => gateway.call('GET', '/upstreams/orders')
  for (let step = 0; step < STEPS; step++)
    await swap(upstream, (etag, { body }) => {
      const [{ weight = 0 } = {}] = body['endpoints'] as { weight?: number }[]
      return gateway.call('PATCH', path, { body: { weight: weight + 1 }, headers: { 'if-match': etag } })
    })
}

async function addPages(gateway: ChangingGateway, writer: number): Promise<void> {
  const inForce = () => gateway.call('GET', '/config')
  for (let page = 0; page < PAGES; page++)
    await swap(inForce, async (etag) => {
      // Read after the ETag: if it is newer than that, the condition does not hold.
      const { current } = (await gateway.call('GET', '/versions')).body
      const { configuration } = (await gateway.call('GET', `/versions/${String(current)}`)).body
      const config = configuration as { routes: readonly Route[] }
      const added = {
        name: `page-${writer}-${page}`,
        match: { path: `/${writer}/${page}` },
        upstream: 'orders',
      }
      const body = { ...config, routes: [...config.routes, added] }
      return gateway.call('PUT', '/config', { body, headers: { 'if-match': etag } })
    })
}

/** Whoever edits the file looks at nobody: what was sent by calls is gone then. */
async function editFile(gateway: ChangingGateway, config: Record<string, unknown>): Promise<void> {
  const routes = config['routes'] as readonly Route[]
  for (let edit = 0; edit < EDITS; edit++) {
    const added = { name: `file-${edit}`, match: { path: '/file' }, upstream: 'orders' }
    gateway.write({ ...config, routes: [...routes, added] })
    assert.equal((await gateway.call('POST', '/reload')).status, 200)
  }
}

/** Each version is the one before with one page more, or the file; and each page and edit has come into force. */
async function assertSerial(gateway: ChangingGateway): Promise<void> {
  const { versions } = (await gateway.call('GET', '/versions')).body as { versions: { id: number }[] }
  const added: string[] = []
  let before = ''
  for (const { id } of versions.toReversed()) {
    const { configuration } = (await gateway.call('GET', `/versions/${id}`)).body
    const names = (configuration as { routes: readonly Route[] }).routes.map(({ name }) => name)
    const [last = ''] = names.slice(-1)
    const rest = names.slice(0, -1).join()
    if (before !== '') {
      assert.equal(rest, last.startsWith('file-') ? 'all' : before, `version ${id}`)
      added.push(last)
    }
    before = names.join()
  }
  const pages = Array.from(
    { length: WRITERS * PAGES },
    (_, n) => `page-${Math.floor(n / PAGES)}-${n % PAGES}`,
  )
  const edits = Array.from({ length: EDITS }, (_, edit) => `file-${edit}`)
  assert.deepEqual(added.sort(), [...edits, ...pages].sort())
  const { routes } = (await gateway.call('GET', '/routes')).body as { routes: Route[] }
  assert.equal(routes.map(({ name }) => name).join(), before, 'the last one is in force')
}

it('calls that race each other and reloads come out as if one had been after the other', {
  timeout: 60_000,
}, async () => {
  const origin = await startOrigin()
  const endpoints = [{ url: origin.url }, { url: 'http://127.0.0.1:1' }]
  const config = configWith({
    upstreams: { orders: { endpoints, breaker: {}, health: { path: '/', interval: '1h' } } },
    routes: [{ name: 'all', ...ROUTE }],
    versions: { keep: 100 },
    reload: { watch: false },
  })
  const gateway = await startChanging(config)
  const [first, second] = endpoints.map(
    ({ url }) => `/upstreams/orders/endpoints/${encodeURIComponent(new URL(url).host)}`,
  )
  const race = { isOver: false }
  const statuses = new Map<number, number>()
  /** Whoever looks at no ETag: its changes may be overtaken, and must not break anything. */
  const rush = async (
    ...calls: (readonly [method: string, path: string, body?: unknown])[]
  ): Promise<void> => {
    for (let turn = 0; !race.isOver; turn++) {
      const [method = '', path = '', body] = calls[turn % calls.length] ?? []
      const { status } = await gateway.call(method, path, { body })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  const rushing = [
    rush(['PATCH', second ?? '', { mark: 'down' }], ['PATCH', second ?? '', { mark: 'up' }]),
    rush(['PATCH', second ?? '', { mark: 'draining' }]),
    rush(['POST', '/breakers/orders/open'], ['POST', '/breakers/orders/reset']),
    rush(['POST', '/breakers/orders/reset'], ['GET', '/status']),
    rush(['POST', '/health-checks/pause'], ['POST', '/upstreams/orders/health-checks/run']),
    rush(['POST', '/health-checks/resume'], ['POST', '/upstreams/orders/health-checks/pause']),
    rush(['POST', '/rate-limits/all%2Fown/reset'], ['GET', '/rate-limits'], ['GET', '/openapi.json']),
    rush(['POST', '/reload?dryRun'], ['GET', '/upstreams']),
  ]
  const traffic = (async () => {
    while (!race.isOver) assert.ok([200, 429, 502, 503].includes((await fetch(gateway.url)).status))
  })()
  await Promise.all([
    ...Array.from({ length: COUNTERS }, () => countUp(gateway, first ?? '')),
    ...Array.from({ length: WRITERS }, (_, writer) => addPages(gateway, writer)),
    editFile(gateway, config),
  ])
  race.isOver = true
  await Promise.all([...rushing, traffic])

  const { endpoints: found } = (await gateway.call('GET', '/upstreams/orders')).body as {
    endpoints: { weight: number; marked: string }[]
  }
  assert.equal(
    found[0]?.weight,
    1 + COUNTERS * STEPS,
    'no step was lost, through all changes of the configuration',
  )
  await assertSerial(gateway)
  const { breakers } = (await gateway.call('GET', '/breakers')).body as { breakers: { state: string }[] }
  assert.notEqual(breakers[0]?.state, 'mixed', 'all workers saw the changes in the same order')
  assert.deepEqual(
    [...statuses.keys()].filter((status) => status !== 200 && status !== 409),
    [],
  )
  const { workers } = (await gateway.call('GET', '/status')).body
  assert.deepEqual(workers, ['listening', 'listening'], 'none has crashed')

  // The file comes last now, and counts.
  gateway.write(config)
  const after = await gateway.call('POST', '/reload')
  assert.equal(after.status, 200)
  const end = (await gateway.call('GET', '/routes')).body as { routes: Route[] }
  assert.deepEqual(
    end.routes.map(({ name }) => name),
    ['all'],
  )
})
