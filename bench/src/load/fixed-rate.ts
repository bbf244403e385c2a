import type { Origin } from '../origin/origin.ts'
import { percentile } from '../statistics.ts'
import type { Connection } from './connection.ts'
import type { FixedRateJob, Measurement } from './job.ts'
import { ConnectionPool } from './pool.ts'
import { requestsFor } from './requests.ts'
import { Tally } from './tally.ts'
import { measureWindow } from './window.ts'

/**
 * Sends at a fixed rate and measures each latency from the moment the request was due. A proxy that stalls does
 * not slow the load down: what is due meanwhile waits for a free connection, and its wait counts. (A loop that
 * sends only after an answer would leave out just the requests that suffer: "coordinated omission".)
 */
export async function fixedRate(job: FixedRateJob, origin: Origin): Promise<Measurement> {
  const tally = new Tally()
  const latencies: number[] = []
  const free: Connection[] = []
  const waiting: number[] = []
  const due = new Map<Connection, number>()

  const send = (connection: Connection, dueAt: number): void => {
    due.set(connection, dueAt)
    connection.send()
  }
  const pool = new ConnectionPool(job.target, requestsFor('small', job.target, job.routes), tally, {
    idle: (connection) => {
      const dueAt = due.get(connection)
      if (dueAt !== undefined) latencies.push(performance.now() - dueAt)
      due.delete(connection)
      const next = waiting.shift()
      if (next === undefined) free.push(connection)
      else send(connection, next)
    },
    lost: (connection) => {
      due.delete(connection)
      const index = free.indexOf(connection)
      if (index >= 0) free.splice(index, 1)
    },
  })
  for (let count = 0; count < job.connections; count++) pool.open()

  const schedule = startSchedule(job, (dueAt) => {
    const connection = free.pop()
    if (connection === undefined) waiting.push(dueAt)
    else send(connection, dueAt)
  })
  try {
    const warm = setTimeout(() => {
      latencies.length = 0
    }, job.window.warmupSeconds * 1000)
    const measurement = await measureWindow(job.window, tally, origin)
    clearTimeout(warm)
    return { ...measurement, latency: latencyOf([...latencies, ...overdue(due, waiting)]) }
  } finally {
    schedule.stop()
    pool.close()
  }
}

/** What has not been answered at the end has waited at least until now: it must not be forgotten. */
function overdue(due: Map<Connection, number>, waiting: readonly number[]): number[] {
  const now = performance.now()
  return [...due.values(), ...waiting].map((dueAt) => now - dueAt)
}

function latencyOf(latencies: number[]): { p50: number; p99: number; max: number } {
  const sorted = Float64Array.from(latencies).sort()
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), max: percentile(sorted, 1) }
}

/** Calls `send` with each due time, in even steps, until stopped. */
function startSchedule(job: FixedRateJob, send: (dueAt: number) => void): { stop: () => void } {
  const interval = 1000 / job.rate
  let next = performance.now() + interval
  let stopped = false
  const tick = (): void => {
    if (stopped) return
    const now = performance.now()
    for (; next <= now; next += interval) send(next)
    // A timer is late by up to a millisecond, more than a proxy takes: with a core of its own, the loop turns
    // without pause, and since the origin runs in the same loop, nothing waits for it.
    if (job.ownCore) setImmediate(tick)
    else setTimeout(tick, 1)
  }
  tick()
  return {
    stop: () => {
      stopped = true
    },
  }
}
