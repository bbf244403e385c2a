import { nodeProgram } from './node-program.ts'
import type { Peer } from './peer.ts'

/** The library `http-proxy`, with an agent that keeps connections. */
export const httpProxy: Peer = nodeProgram(
  'http-proxy',
  'http-proxy',
  false,
  new URL('./http-proxy-server.ts', import.meta.url),
)
