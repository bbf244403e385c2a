import { setImmediate as turn } from 'node:timers/promises'
import { type Client, createClient } from '@headgate/client'
import { bodyFrom, type Handler, HeaderList, HttpResponse } from '@headgate/core'
import { cpuTimeDuring, cpuTimeOf } from '../../../scripts/testing/cpu-time.ts'
import {
  type EcsPort,
  HttpClientPool,
  httpPlugin,
  type HttpPluginOptions,
  HttpRequest,
  HttpRequests,
  HttpResponseReceived,
  World,
} from '../src/index.ts'

// The figures that this package is held to, by CPU time, so that other work on the machine counts less.

const URL_OF_ONE = 'http://api.example/users/1'
const CONTENT = Buffer.from(JSON.stringify({ id: 1, name: 'Ada Lovelace' }).padEnd(89))

/** Until it is cancelled: else the client's timers would hold the process. */
const never: Handler = (exchange) =>
  new Promise((_, reject) => exchange.occupy({ cancelled: (error) => reject(error) }))

const answering: Handler = async () =>
  new HttpResponse(200, HeaderList.of({ 'content-type': 'application/json' }), bodyFrom(CONTENT))

/** A world whose requests go to a transport in code; no budget of time is in the way. */
function worldOn(transport: Handler, options: HttpPluginOptions = {}): EcsPort {
  const world = new World()
  const budget = { responses: 100_000, requests: 100_000, time: Infinity }
  world.addPlugin(
    httpPlugin({ client: { transport, guard: false }, maxInFlight: 100_000, budget, ...options }),
  )
  return world
}

function spawn(port: EcsPort, count: number): number[] {
  return Array.from({ length: count }, () => port.spawn(HttpRequest(URL_OF_ONE)))
}

/** Milliseconds of CPU that a tick takes in which nothing happens. */
export function idleTick(inFlight: number, ticks: number): number {
  const world = worldOn(never)
  spawn(world, inFlight)
  world.tick()
  const work = (): void => {
    for (let tick = 0; tick < ticks; tick++) world.tick()
  }
  work()
  const took = cpuTimeOf(work) / ticks
  void world.resource(HttpClientPool).close(0)
  return took
}

/** Milliseconds of CPU that a tick takes which applies so many responses: each gets a component and is told to an observer. */
export async function applyingTick(responses: number, rounds: number): Promise<number> {
  const world = worldOn(answering)
  let told = 0
  world.events(HttpResponseReceived).observe(() => void told++)
  let took = 0
  for (let round = 0; round < rounds; round++) {
    const entities = spawn(world, responses)
    world.tick()
    while (world.resource(HttpRequests).arrivals.size < responses) await turn()
    const cpu = cpuTimeOf(() => world.tick())
    // The first ones are what the engine learns by.
    if (round >= rounds / 3) took += cpu
    for (const entity of entities) world.despawn(entity)
  }
  if (told !== responses * rounds) throw new Error(`${told} responses were told`)
  await world.resource(HttpClientPool).close(0)
  return took / Math.floor((2 * rounds) / 3)
}

function heap(): number {
  // The process is to be started with --expose-gc.
  for (let time = 0; time < 4; time++) globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

/** Bytes of heap for each request that waits for a slot. */
export function heapOfWaiting(count: number): number {
  const world = worldOn(never, { maxInFlight: 1 })
  spawn(world, 1)
  world.tick()
  world.tick()
  const before = heap()
  spawn(world, count)
  for (let tick = 0; tick < 3; tick++) world.tick()
  const bytes = (heap() - before) / count
  void world.resource(HttpClientPool).close(0)
  return bytes
}

/** Bytes of heap for each request that waits for its response, beyond what the client takes for it. */
export function heapBeyondClient(count: number): {
  readonly world: number
  readonly client: number
  readonly clientWithSignal: number
} {
  const plain = heapOfCalls(count, () => undefined)
  const withSignal = heapOfCalls(count, () => new AbortController().signal)
  const world = worldOn(never)
  const before = heap()
  spawn(world, count)
  for (let tick = 0; tick < 3; tick++) world.tick()
  const ofWorld = (heap() - before) / count
  void world.resource(HttpClientPool).close(0)
  return { world: ofWorld, client: plain, clientWithSignal: withSignal }
}

function heapOfCalls(count: number, signal: () => AbortSignal | undefined): number {
  const client = createClient({ transport: never, preset: 'untrusted', guard: false })
  const before = heap()
  const calls = Array.from({ length: count }, () => {
    const given = signal()
    const call = client.get(URL_OF_ONE, given && { signal: given })
    return call.then(
      (response) => response.bytes(),
      () => {},
    )
  })
  const bytes = (heap() - before) / count
  if (calls.length !== count) throw new Error('calls are missing')
  void client.close({ grace: 0 })
  return bytes
}

const AT_A_TIME = 100

async function throughClient(client: Client, count: number): Promise<void> {
  for (let done = 0; done < count; done += AT_A_TIME)
    await Promise.all(
      Array.from({ length: AT_A_TIME }, () => client.get(URL_OF_ONE).then((response) => response.bytes())),
    )
}

async function throughWorld(world: EcsPort, count: number): Promise<void> {
  const requests = world.resource(HttpRequests)
  for (let done = 0; done < count; done += AT_A_TIME) {
    const entities = spawn(world, AT_A_TIME)
    while (requests.size > 0) {
      world.tick()
      await turn()
    }
    for (const entity of entities) world.despawn(entity)
  }
}

/** Microseconds of CPU a request, through the world and through the bare client, over the same transport; the rounds alternate, and the best of each count. */
export async function throughput(
  count: number,
  rounds: number,
): Promise<{ readonly world: number; readonly client: number }> {
  const client = createClient({ transport: answering, preset: 'untrusted', guard: false })
  const world = worldOn(answering)
  const best = { world: Infinity, client: Infinity }
  for (let round = 0; round < rounds; round++) {
    best.client = Math.min(best.client, await cpuTimeDuring(() => throughClient(client, count)))
    best.world = Math.min(best.world, await cpuTimeDuring(() => throughWorld(world, count)))
  }
  await Promise.all([client.close({ grace: 0 }), world.resource(HttpClientPool).close(0)])
  return { world: (best.world * 1_000) / count, client: (best.client * 1_000) / count }
}
