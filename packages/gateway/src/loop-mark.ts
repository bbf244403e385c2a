import { createHmac, randomBytes } from 'node:crypto'

/** What the marks of one gateway are made from: random, and the same in all of its threads. */
export function newLoopKey(): Uint8Array {
  return randomBytes(32)
}

/**
 * What a route enters into CDN-Loop. A mark is a route's and not the whole gateway's, since a request may rightly pass a gateway
 * twice, on two routes with a service in between. It comes from a key, and not from names or the configuration: gateways
 * with the same file behind one another are no loop. Nobody outside can guess it, and whoever is shown one by
 * an upstream can have none but his own requests to that route refused.
 */
export function loopMark(key: Uint8Array, route: string): string {
  return createHmac('sha256', key).update(route).digest('base64url').slice(0, 22)
}
