import { closeSync, openSync } from 'node:fs'
import type { Clock, Timer } from '@headgate/core'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { resolveUpstreams } from '../config/upstreams.ts'
import type { Discovery } from '../discovery/discovery.ts'

/** Kept free for everything but traffic: files, the threads' own, the admin listener. */
const RESERVED = 32
const RESERVED_PER_WORKER = 16
/** Fewer connections than this are worth a word. */
const FEW_CONNECTIONS = 1024
/** How many endpoints a source is expected to find, at least. */
const EXPECTED = 4
/** Milliseconds between two looks. */
const INTERVAL = 1_000

/** How many file descriptors this process may open; Infinity where that cannot be known. */
export function descriptorLimit(): number {
  // Else the report would resolve the names of peers. (Not among Node's types yet.)
  Object.assign(process.report, { excludeNetwork: true })
  const { userLimits } = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft?: number | 'unlimited' } }
  }
  const soft = userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : Infinity
}

/**
 * How many connections each listener of each worker may hold without using up the file descriptors of the process. What the
 * upstreams may open is kept free for them, but no more than half: without a connection to its upstream, an exchange fails.
 * What comes beyond is told so with a 503; the kernel would have it closed without a word.
 * @param upstream the most connections that a worker opens to all upstreams
 */
export function connectionsWithin(
  limit: number,
  workers: number,
  listeners: number,
  upstream: number,
): number {
  const free = limit - RESERVED - RESERVED_PER_WORKER * workers
  const kept = Math.min(free / 2, upstream * workers)
  return Math.max(1, Math.floor((free - kept) / workers / listeners))
}

/** The most connections that one worker opens to all upstreams, as far as their endpoints are known. */
export function upstreamConnections(config: GatewayConfig, discovery: Pick<Discovery, 'found'>): number {
  let total = 0
  for (const { endpoints, pool } of resolveUpstreams(config).values()) {
    for (const endpoint of endpoints) {
      const found = discovery.found(endpoint, config.discovery).length
      total += (endpoint.url === undefined ? Math.max(found, EXPECTED) : 1) * pool.maxConnections
    }
  }
  return total
}

/**
 * Notices when the process cannot open files or connections any more, and when it can again. Nothing else would: libuv takes
 * such connections and closes them (a descriptor in reserve lets it), and tells nobody.
 */
export class DescriptorWatch {
  private readonly timer: Timer
  private readonly report: (message: string) => void
  private exhausted = false

  constructor(clock: Clock, report: (message: string) => void) {
    this.report = report
    this.timer = clock.timer(() => {
      this.look()
      this.timer.arm(INTERVAL)
    })
  }

  start(): void {
    this.timer.arm(INTERVAL)
  }

  stop(): void {
    this.timer.disarm()
  }

  private look(): void {
    const exhausted = !canOpen()
    if (exhausted === this.exhausted) return
    this.exhausted = exhausted
    this.report(
      exhausted
        ? 'no file descriptors are left: new connections fail on both sides; raise the limit (ulimit -n, LimitNOFILE) or lower maxConnections'
        : 'there are file descriptors again',
    )
  }
}

function canOpen(): boolean {
  try {
    closeSync(openSync('/dev/null', 'r'))
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code !== 'EMFILE' && code !== 'ENFILE'
  }
}

/**
 * What is to be said where a listener can have few connections; the default is more than many systems allow.
 * @param affordable per listener and worker
 * @param descriptors how many files the process may open
 */
export function fewConnections(
  { listeners }: GatewayConfig,
  affordable: number,
  descriptors: number,
): string | undefined {
  const wanted = Math.max(...listeners.map(({ maxConnections }) => maxConnections))
  if (affordable >= Math.min(wanted, FEW_CONNECTIONS)) return undefined
  return (
    `at most ${affordable} connections per listener and worker instead of ${wanted}: ` +
    `the process may open ${descriptors} file descriptors (ulimit -n, LimitNOFILE)`
  )
}
