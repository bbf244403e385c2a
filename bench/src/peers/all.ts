import { fastifyHttpProxy } from './fastify-http-proxy.ts'
import { haproxy } from './haproxy.ts'
import { headgate } from './headgate.ts'
import { httpProxy } from './http-proxy.ts'
import { nginx } from './nginx.ts'
import { nodeUndici } from './node-undici.ts'
import type { Peer } from './peer.ts'
import { varnish } from './varnish.ts'

/** The peer that ratios refer to. */
export const reference: Peer = nginx

/** The project's own gateway. */
export const own: Peer = headgate

/** All proxies, in the order of each round. */
export const allPeers: readonly Peer[] = [
  nginx,
  headgate,
  haproxy,
  nodeUndici,
  fastifyHttpProxy,
  httpProxy,
  varnish,
]
