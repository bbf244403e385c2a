import { createRequire } from 'node:module'
import type * as library from '@redis/client'
import type { RedisCommands, RedisReply } from '@headgate/core'

/** Where a server is, and who asks. */
export interface RedisTarget {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  /** Certificates in PEM. */
  readonly ca?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly database: number
}

/** A connection to Redis. */
export interface RedisConnection extends RedisCommands {
  close(): void
}

const PACKAGE = '@redis/client'
// It is no dependency, but there where somebody has installed it beside the gateway.
const load = createRequire(import.meta.url)

/** Whether the package is there. */
export function hasRedisClient(): boolean {
  try {
    load.resolve(PACKAGE)
    return true
  } catch {
    return false
  }
}

export const MISSING_CLIENT = `needs the package ${PACKAGE}, which is not installed`
export const INSTALL_CLIENT = `npm install ${PACKAGE}, in the place where headgate is installed`

/**
 * Connects, once: what is lost is not looked for again.
 * @param lost told once, with why, when it is lost after that
 * @returns the connection, when Redis has answered; rejects if it does not within `timeout`
 */
export async function connectRedis(
  target: RedisTarget,
  timeout: number,
  lost: (reason: Error) => void,
): Promise<RedisConnection> {
  const { createClient, RESP_TYPES } = load(PACKAGE) as typeof library // that package
  const { host, port, tls, ca, username, password, database } = target
  const common = { host, port, connectTimeout: timeout, reconnectStrategy: false } as const
  const client = createClient({
    RESP: 2,
    socket: tls ? { ...common, tls: true, ...(ca !== undefined && { ca }) } : common,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    database,
    disableOfflineQueue: true,
    disableClientInfo: true,
  })
  let connected = false
  let reason: Error | undefined
  const end = (error: Error): void => {
    reason ??= error
    if (connected) lost(reason)
  }
  client.on('error', end)
  client.on('end', () => end(new Error('the connection was closed')))
  const timer = setTimeout(() => client.destroy(), timeout)
  try {
    await client.connect()
    // Without a password nothing has been said yet: a frozen server takes connections, too.
    await client.sendCommand(['PING'])
  } catch (error) {
    throw reason ?? error
  } finally {
    clearTimeout(timer)
  }
  connected = true
  // It is no reason for a process to go on.
  client.unref()
  return {
    send: (args) =>
      client.sendCommand([...args], {
        typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer },
      }) as unknown as Promise<RedisReply>, // all that RESP2 has, with bytes for text
    close() {
      connected = false
      if (client.isOpen) client.destroy()
    },
  }
}
