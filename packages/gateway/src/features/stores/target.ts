import { LARGEST_PEM, readPlainFile } from '../../plain-file.ts'
import type { RedisTarget } from './redis-client.ts'
import type { StoreConfig } from './setting.ts'

/** Where the server of a store is. @throws Error if its file of certificates cannot be read */
export function redisTarget({ redis, username, password, ca }: StoreConfig): RedisTarget {
  const url = new URL(redis)
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    tls: url.protocol === 'rediss:',
    ca: ca === undefined ? undefined : readPlainFile(ca, LARGEST_PEM).toString('latin1'),
    username: username ?? textOf(url.username),
    password: password ?? textOf(url.password),
    database: Number(url.pathname.slice(1)),
  }
}

/** Undefined for none. */
function textOf(encoded: string): string | undefined {
  return encoded === '' ? undefined : decodeURIComponent(encoded)
}
