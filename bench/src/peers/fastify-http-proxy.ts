import { nodeProgram } from './node-program.ts'
import type { Peer } from './peer.ts'

/** Fastify with its plugin `@fastify/http-proxy`. */
export const fastifyHttpProxy: Peer = nodeProgram(
  '@fastify/http-proxy',
  '@fastify/http-proxy',
  false,
  new URL('./fastify-http-proxy-server.ts', import.meta.url),
)
