import assert from 'node:assert/strict'
import { HttpRequest } from '@headgate/core'
import { parseConfig } from '../../src/config/parse.ts'
import type { GatewayConfig } from '../../src/config/schema/schema.ts'
import { type TakenRoute, explain } from '../../src/explain/explain.ts'

/** A checked configuration. */
export function checked(config: object): GatewayConfig {
  const result = parseConfig(config)
  assert.ok(result.ok, JSON.stringify(result))
  return result.config
}

/** What `headgate explain` finds out of a request that a route takes. */
export async function explained(
  config: object,
  request = HttpRequest.to('http://a.example/'),
): Promise<TakenRoute> {
  const peer = { address: '192.0.2.7', port: 0, encrypted: false }
  const { taken } = await explain(checked(config), request, peer)
  assert.ok(taken)
  return taken
}
