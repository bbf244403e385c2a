// What a world of requests costs: node --expose-gc packages/ecs/test/cost-figure.ts
import { applyingTick, heapBeyondClient, heapOfWaiting, idleTick, throughput } from './figures.ts'

console.log(
  `a tick with 10,000 requests in flight, and nothing to do: ${idleTick(10_000, 2_000).toFixed(4)} ms`,
)
console.log(`a tick that applies 1,000 responses: ${(await applyingTick(1_000, 60)).toFixed(2)} ms`)
console.log(`heap of a request that waits for a slot: ${heapOfWaiting(10_000).toFixed(0)} bytes`)
const { world, client, clientWithSignal } = heapBeyondClient(10_000)
const beyond = `${(world - client).toFixed(0)} beyond a call of the client, ${(world - clientWithSignal).toFixed(0)} beyond one with an AbortSignal`
console.log(`heap of one in flight: ${world.toFixed(0)} bytes, ${beyond}`)
const cost = await throughput(100_000, 5)
console.log(
  `CPU of a request: ${cost.world.toFixed(2)} µs through the world, ${cost.client.toFixed(2)} µs through the client, ${(cost.world / cost.client).toFixed(2)} to 1`,
)
