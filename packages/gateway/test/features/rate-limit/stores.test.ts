import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '@headgate/core/testing'
import type { GatewayConfig } from '../../../src/config/schema/schema.ts'
import { parseConfig } from '../../../src/config/parse.ts'
import { Kept } from '../../../src/kept.ts'
import { Shared } from '../../../src/shared.ts'
import { RateLimitStores } from '../../../src/features/rate-limit/stores.ts'

const ID = 'each'

function configured(): GatewayConfig {
  const parsed = parseConfig({
    workers: 2,
    listeners: [{ address: '127.0.0.1:0' }],
    rateLimits: { [ID]: { rate: '10/h', key: 'client-ip' } },
    routes: [{ respond: {}, rateLimit: ID }],
  })
  assert.ok(parsed.ok)
  return parsed.config
}

function take(stores: RateLimitStores, clock: VirtualClock): void {
  assert.ok(stores.get(ID).take('192.0.2.1', 1, clock.now(), 0).allowed)
}

test('a further configuration with the same limit in the same memory goes on with its store', () => {
  const config = configured()
  const clock = new VirtualClock()
  const shared = new Shared()
  const kept = new Kept()
  const before = new RateLimitStores(config, clock, kept, shared)
  const after = new RateLimitStores(config, clock, new Kept(kept), new Shared(shared.data))
  assert.equal(after.get(ID), before.get(ID))
})

test('a thread that missed a configuration counts where the others count, not where they did before', () => {
  const config = configured()
  const clock = new VirtualClock()
  const missed = new Kept()
  take(new RateLimitStores(config, clock, missed, new Shared()), clock)
  // The limit was away in between: its memory is another one now.
  const shared = new Shared()
  const others = new RateLimitStores(config, clock, new Kept(), shared)
  const caughtUp = new RateLimitStores(config, clock, new Kept(missed), new Shared(shared.data))
  take(others, clock)
  take(caughtUp, clock)
  assert.equal(others.usage(ID, '192.0.2.1').remaining, 8)
})
