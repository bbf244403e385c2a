import { setTimeout as sleep } from 'node:timers/promises'
import { processTree, usage } from '../accounting.ts'
import type { Origin } from '../origin/origin.ts'
import type { Measurement, Window } from './job.ts'
import type { Tally } from './tally.ts'

/** A warm-up is repeated so often at most. */
const mostWarmups = 4
/** The part of a warm-up's time that a proxy must have had a core for. */
const enoughOfCore = 0.6

/**
 * Warms a proxy up that is kept busy, once more as long as it has had too little processor time for its code to be compiled: on a
 * machine that does other things besides, a proxy gets a part of a core only.
 */
export async function warmUp(
  { warmupSeconds, proxyPid }: Window,
  once: (seconds: number) => Promise<unknown>,
): Promise<void> {
  if (warmupSeconds === 0) return
  const proxy = proxyPid === undefined ? [] : processTree(proxyPid)
  const { proxyCpuSeconds } = readings(proxy)
  for (let times = 0; times < mostWarmups; times++) {
    await once(warmupSeconds)
    const used = readings(proxy).proxyCpuSeconds - proxyCpuSeconds
    if (proxyPid === undefined || used >= warmupSeconds * enoughOfCore) return
  }
}

/**
 * Waits for the warm-up, then measures for the window's time. Counts and processor times are read in the same
 * tick at both ends, so that they belong to the same span.
 */
export async function measureWindow(window: Window, tally: Tally, origin: Origin): Promise<Measurement> {
  const upstreamBefore = origin.accepted
  await sleep(window.warmupSeconds * 1000)
  const proxy = window.proxyPid === undefined ? [] : processTree(window.proxyPid)
  const before = readings(proxy)
  const { requests, bytes } = tally
  await sleep(window.seconds * 1000)
  const after = readings(proxy)
  return {
    ...spent(before, after),
    requests: tally.requests - requests,
    bytes: tally.bytes - bytes,
    failures: tally.failures,
    upstreamConnections: origin.accepted - upstreamBefore,
  }
}

/** The clock, and what the proxy and this process have used so far. */
export interface Readings {
  seconds: number
  proxyCpuSeconds: number
  proxyBytes: number
  loadCpuSeconds: number
}

/** Reads the clock and the operating system's accounts in one tick. `proxy` is the proxy's process tree. */
export function readings(proxy: readonly number[]): Readings {
  const { cpuSeconds, residentBytes } = usage(proxy)
  const own = process.cpuUsage()
  return {
    seconds: performance.now() / 1000,
    proxyCpuSeconds: cpuSeconds,
    proxyBytes: residentBytes,
    loadCpuSeconds: (own.user + own.system) / 1e6,
  }
}

/** What two readings say of the span between them. */
export function spent(
  before: Readings,
  after: Readings,
): Pick<Measurement, 'seconds' | 'proxyCpuSeconds' | 'loadCpuSeconds'> {
  return {
    seconds: after.seconds - before.seconds,
    proxyCpuSeconds: after.proxyCpuSeconds - before.proxyCpuSeconds,
    loadCpuSeconds: after.loadCpuSeconds - before.loadCpuSeconds,
  }
}
