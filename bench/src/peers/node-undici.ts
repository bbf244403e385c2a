import { nodeProgram } from './node-program.ts'
import type { Peer } from './peer.ts'

/** The fastest proxy that a few lines over `node:http` and undici make. */
export const nodeUndici: Peer = nodeProgram(
  'node-undici',
  'undici',
  true,
  new URL('./node-undici-server.ts', import.meta.url),
)
