// A game that loads its assets and polls two services, a tick a frame, with a loading bar: node examples/ecs/simulation.ts
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  BodyChunks,
  component,
  type EcsPort,
  HttpClientPool,
  httpPlugin,
  HttpRequest,
  HttpRequestFailed,
  HttpResponse,
  HttpResponseReceived,
  Priority,
  requestRetry,
  World,
} from '@headgate/ecs'

const Asset = component<{ readonly name: string; loaded: number }>('Asset')
const Poll = component<{ readonly every: number; next: number; answers: number }>('Poll')

/** Assets come in pieces; one of the services fails now and then. */
const server = createServer(({ url = '' }, response) => {
  if (url.startsWith('/assets/')) return void response.end(Buffer.alloc(400_000))
  asked++
  response.writeHead(asked % 4 === 0 ? 503 : 200).end(JSON.stringify({ players: asked }))
})
let asked = 0
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo // it listens on TCP

const world = new World()
world.addPlugin(
  httpPlugin({
    // The servers of this game are on this machine: elsewhere the guard stays on.
    client: { baseUrl: `http://127.0.0.1:${port}`, guard: false, retry: false },
    maxInFlight: 4,
    budget: { bytes: 128 * 1024 },
  }),
)

for (const name of ['ship', 'planet', 'music', 'font'])
  world.spawn(HttpRequest({ url: `/assets/${name}`, stream: true }), Asset({ name, loaded: 0 }))
for (const service of ['lobby', 'market'])
  world.spawn(HttpRequest(`/services/${service}`), Priority('high'), Poll({ every: 5, next: 5, answers: 0 }))

let frame = 0
let failures = 0

world.addSystem({
  name: 'load-assets',
  run: (port) => {
    for (const entity of port.query(Asset, BodyChunks)) {
      const [asset, body] = [port.get(entity, Asset), port.get(entity, BodyChunks)]
      if (asset !== undefined && body !== undefined)
        asset.loaded = body.received / (body.length ?? body.received)
    }
  },
})

// Polls again so many frames after each answer, by the same entity.
world.addSystem({
  name: 'poll-services',
  run: (port) => {
    for (const entity of port.query(Poll, HttpResponse)) again(port, entity)
  },
})
world.events(HttpResponseReceived).observe(({ entity }) => {
  const poll = world.get(entity, Poll)
  if (poll !== undefined) poll.answers++
})
world.events(HttpRequestFailed).observe(({ entity, retryEligible }) => {
  failures++
  if (retryEligible) requestRetry(world, entity)
})

function again(port: EcsPort, entity: number): void {
  const poll = port.get(entity, Poll)
  if (poll === undefined || frame < poll.next) return
  poll.next = frame + poll.every
  requestRetry(port, entity)
}

function bar(): string {
  const assets = world.query(Asset).map((entity) => world.get(entity, Asset)?.loaded ?? 0)
  const share = assets.reduce((sum, loaded) => sum + loaded, 0) / assets.length
  const full = Math.floor(share * 30)
  return `[${'#'.repeat(full)}${'.'.repeat(30 - full)}] ${Math.floor(share * 100)} %`
}

function answers(): number {
  return world.query(Poll).reduce((sum, entity) => sum + (world.get(entity, Poll)?.answers ?? 0), 0)
}

const isTerminal = process.stdout.isTTY
let shown = ''
while (!bar().endsWith(' 100 %') || answers() < 6) {
  frame++
  world.tick()
  if (bar() !== shown) {
    shown = bar()
    process.stdout.write(isTerminal ? `\r${shown}` : `${shown}\n`)
  }
  await new Promise((resolve) => setTimeout(resolve, 16))
}
console.log(
  `${isTerminal ? '\n' : ''}${world.query(Asset).length} assets are here; the services answered ${answers()} times and failed ${failures}`,
)

await world.resource(HttpClientPool).close()
server.closeAllConnections()
server.close()
