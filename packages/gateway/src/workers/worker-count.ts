import type { GatewayConfig } from '../config/schema/schema.ts'

/** Where the kernel spreads connections over all sockets that listen on a port: Node's `reusePort` works there. */
const SPREADING: readonly NodeJS.Platform[] = ['linux', 'freebsd', 'sunos', 'aix']

/** How many workers can serve, and why that is not what is configured. */
export function workerCount(
  config: GatewayConfig,
  platform: NodeJS.Platform,
): { count: number; notice?: string } {
  const { workers, listeners } = config
  if (workers === 1) return { count: 1 }
  if (!SPREADING.includes(platform)) {
    return { count: 1, notice: `1 worker instead of ${workers}: on ${platform}, several cannot share a port` }
  }
  if (listeners.every(({ address }) => address.kind === 'unix')) {
    return { count: 1, notice: `1 worker instead of ${workers}: several cannot share a unix socket` }
  }
  return { count: workers }
}
