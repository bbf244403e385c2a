import type { OnReadOpts, Socket } from 'node:net'
import type { ConnectionFacts } from '../../message/wire-facts.ts'
import type { CancelScope } from '../connect/connect.ts'
import type { PooledConnection } from '../pool/pool-entry.ts'

/**
 * Makes a connection that speaks HTTP. It calls `connectSocket`, with the buffer that it wants to be read into,
 * and takes the socket over.
 */
export type OpenConnection = (
  connectSocket: (onread?: OnReadOpts, facts?: ConnectionFacts) => Promise<Socket>,
  /** What `connectSocket` would connect to, judged by the guard: for those that need no socket. */
  admitted: () => Promise<unknown>,
  /** Cancelled when nobody wants the connection any more. */
  scope?: CancelScope,
) => Promise<PooledConnection>
