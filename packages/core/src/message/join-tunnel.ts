import { TrafficError } from './errors.ts'
import type { Tunnel } from './response.ts'

/** Joins two ends: what comes in at one goes out at the other, and each direction ends on its own. */
export function joinTunnel(one: Tunnel, other: Tunnel): void {
  join(other, one)
  join(one, other)
}

function join(from: Tunnel, to: Tunnel): void {
  to.onDrain(() => from.incoming.resume())
  to.onGone(() => from.incoming.cancel(tunnelCut()))
  from.incoming.flowTo(to.outgoing)
}

/** What the content of a tunnel fails with whose other end is gone. */
export function tunnelCut(): TrafficError {
  return new TrafficError('upstream_closed', 'the tunnel was cut')
}
