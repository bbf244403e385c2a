import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Exchange, HttpRequest, systemClock } from '@headgate/core'
import type { RouteConfig } from '../../src/config/schema/route-schema.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { Kept } from '../../src/kept.ts'
import { Shared } from '../../src/shared.ts'
import { createGateway } from '../../src/embedding/create-gateway.ts'
import { SplitChoice } from '../../src/features/split/split.ts'
import { type CompiledSplit, compileSplits, SplitWeights } from '../../src/features/split/split-weights.ts'
import { fc } from '../../../../scripts/testing/property.ts'

const USERS = Array.from({ length: 2000 }, (_, index) => `user-${index}`)

function splitOf(...weights: number[]): { weights: SplitWeights; choice: SplitChoice } {
  const split = new SplitWeights(weights.map((weight, index) => ({ upstream: `v${index}`, weight })))
  return { weights: split, choice: new SplitChoice(split) }
}

/** Who is with which upstream. */
function groups(choice: SplitChoice): number[] {
  return USERS.map((user) => choice.byKey(user))
}

describe('the weights of a split', () => {
  it('are those of the configuration until they are changed, and all change at once for other threads, too', async () => {
    const { weights } = splitOf(90, 10)
    assert.deepEqual([weights.byName, weights.isChanged], [{ v0: 90, v1: 10 }, false])
    const script = `
      const { workerData, parentPort } = require('node:worker_threads')
      import(workerData.url).then(({ SplitWeights }) => {
        const weights = new SplitWeights(workerData.upstreams, workerData.memory)
        const seen = new Set()
        parentPort.postMessage('ready')
        while (weights.version < 20000) seen.add(weights.present.join())
        parentPort.postMessage([...seen])
      })`
    const workerData = {
      url: import.meta.resolve('../../src/features/split/split-weights.ts'),
      upstreams: [
        { upstream: 'v0', weight: 90 },
        { upstream: 'v1', weight: 10 },
      ],
      memory: weights.memory,
    }
    const worker = new Worker(script, { eval: true, workerData })
    after(() => worker.terminate())
    await new Promise((resolve) => worker.once('message', resolve))
    const told = new Promise<string[]>((resolve) => worker.once('message', resolve))
    while (weights.version < 20_000) weights.change(weights.version % 2 === 0 ? [0, 100] : [100, 0])
    for (const each of await told) assert.ok(['90,10', '0,100', '100,0'].includes(each), each)
    weights.change(weights.configured)
    assert.equal(weights.isChanged, false)
  })

  it('refuse what would leave requests nowhere to go, and memory that is not theirs', () => {
    const { weights } = splitOf(1, 1)
    for (const wrong of [[0, 0], [1], []]) assert.throws(() => weights.change(wrong), TypeError)
    assert.throws(
      () => new SplitWeights([{ upstream: 'a', weight: 1 }], new SharedArrayBuffer(4)),
      /not made for 1/,
    )
  })
})

describe('the splits of a configuration', () => {
  const route = (weight: number): { routes: RouteConfig[] } => {
    const upstreams = [{ upstream: 'http://127.0.0.1:1', weight }, { upstream: 'http://127.0.0.1:2' }]
    const result = parseConfig({ routes: [{ name: 'shop', split: { upstreams } }] })
    assert.ok(result.ok, JSON.stringify(result))
    return { routes: [...result.config.routes] }
  }

  it('go on as they are while their setting is the same, and start afresh when it is not', () => {
    const shared = new Shared()
    const kept = new Kept()
    const first = compileSplits(route(9), shared, kept)
    first.get('shop')?.weights.change([1, 2])
    const same = compileSplits(route(9), new Shared(shared.data), new Kept(kept))
    assert.equal(same.get('shop')?.weights, first.get('shop')?.weights)
    assert.deepEqual(
      compileSplits(route(8), new Shared(shared.data), new Kept(kept)).get('shop')?.weights.present,
      [8, 1],
    )
  })

  it('take the memory that they are given, also where this thread has missed that it is another', () => {
    const kept = new Kept()
    const known = compileSplits(route(9), new Shared(), kept)
    const choice = new SplitChoice((known.get('shop') as CompiledSplit).weights)
    known.get('shop')?.weights.change([1, 0])
    assert.equal(choice.byChance(0), 0)
    const shared = new Shared()
    const newer = compileSplits(route(9), shared)
    newer.get('shop')?.weights.change([0, 1])
    const followed = compileSplits(route(9), new Shared(shared.data), new Kept(kept))
    assert.deepEqual(followed.get('shop')?.weights.present, [0, 1])
    assert.equal(choice.byChance(0), 1)
  })
})

describe('who is sticky', () => {
  it('is spread by weight', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 5 }), (numbers) => {
        fc.pre(numbers.some((weight) => weight > 0))
        const total = numbers.reduce((sum, weight) => sum + weight, 0)
        const all = groups(splitOf(...numbers).choice)
        for (const [index, weight] of numbers.entries()) {
          const share = all.filter((group) => group === index).length / all.length
          assert.ok(Math.abs(share - weight / total) < 0.05, `${share} instead of ${weight / total}`)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('stays where a group grows, whatever the others do: only who must move does', () => {
    const weight = fc.integer({ min: 1, max: 1000 })
    fc.assert(
      fc.property(fc.array(fc.tuple(weight, weight), { minLength: 2, maxLength: 5 }), (pairs) => {
        const { weights, choice } = splitOf(...pairs.map(([before]) => before))
        const before = groups(choice)
        weights.change(pairs.map(([, now]) => now))
        const moved = groups(choice)
        // Whoever moves goes to a group that has grown more than the one that is left.
        const growth = pairs.map(([was, is]) => is / was)
        for (const [user, group] of before.entries()) {
          const now = moved[user] ?? -1
          if (now !== group) assert.ok((growth[now] ?? 0) > (growth[group] ?? 0), `${group} to ${now}`)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('is in the group of 10 % still when that has 50 %, all of it, or is back at 10 %', () => {
    const { weights, choice } = splitOf(90, 10)
    const before = groups(choice)
    const few = before.flatMap((group, user) => (group === 1 ? [user] : []))
    assert.ok(few.length > 150 && few.length < 250)
    for (const next of [
      [50, 50],
      [1, 99],
      [0, 100],
    ]) {
      weights.change(next)
      const now = groups(choice)
      for (const user of few) assert.equal(now[user], 1)
    }
    weights.change([90, 10])
    assert.deepEqual(groups(choice), before, 'after a switch and back, everybody is where they were')
  })

  it('does not depend on the order of the upstreams', () => {
    const list = [
      { upstream: 'a', weight: 3 },
      { upstream: 'b', weight: 2 },
      { upstream: 'c', weight: 5 },
    ]
    const [one, other] = [list, list.toReversed()].map((upstreams) => {
      const weights = new SplitWeights(upstreams)
      const choice = new SplitChoice(weights)
      return USERS.map((user) => weights.names[choice.byKey(user)])
    })
    assert.deepEqual(one, other)
  })
})

describe('the split of an embedded gateway', async () => {
  const gateway = await createGateway({
    upstreams: {
      blue: { endpoints: [{ url: 'http://127.0.0.1:1' }] },
      green: { endpoints: [{ url: 'http://127.0.0.1:2' }] },
    },
    routes: [
      {
        name: 'shop',
        retry: false,
        split: { upstreams: [{ upstream: 'blue', weight: 9 }, { upstream: 'green' }] },
      },
      { name: 'rest', match: { path: '/rest' }, respond: {} },
    ],
  })
  after(() => gateway.close())

  async function endpointOf(): Promise<string> {
    const exchange = new Exchange(HttpRequest.to('http://a/'), systemClock)
    await gateway.handler(exchange)
    return exchange.endpoint
  }

  it('changes and switches at once, and goes back to what is configured', async () => {
    const split = gateway.split('shop')
    split.switchTo('green')
    assert.deepEqual(split.weights, { blue: 0, green: 100 })
    for (let count = 0; count < 20; count++) assert.match(await endpointOf(), /:2$/)
    split.change({ blue: 50, green: 0 })
    for (let count = 0; count < 20; count++) assert.match(await endpointOf(), /:1$/)
    split.reset()
    assert.deepEqual(split.weights, { blue: 9, green: 1 })
  })

  it('refuses what makes no sense, and changes nothing', () => {
    const split = gateway.split('shop')
    const wrong: [Record<string, number>, RegExp][] = [
      [{ grey: 1 }, /"grey" is no upstream of the split, which has blue, green/],
      [{ blue: 1.5 }, /the weight of blue must be a whole number from 0 to 10000, and 1.5 is none/],
      [{ blue: -1 }, /whole number/],
      [{ blue: 10_001 }, /whole number/],
      [{ blue: 0, green: 0 }, /every weight would be 0/],
      [{}, /no weight is given/],
    ]
    for (const [weights, message] of wrong) assert.throws(() => split.change(weights), message)
    assert.throws(() => split.switchTo('grey'), /"grey" is no upstream/)
    assert.deepEqual(split.weights, { blue: 9, green: 1 })
    assert.throws(() => gateway.split('rest'), /no route "rest" with a split/)
    assert.throws(() => gateway.split('nothing'), TypeError)
  })
})
