import { setTimeout as sleep } from 'node:timers/promises'
import { processTree } from '../accounting.ts'
import type { Origin } from '../origin/origin.ts'
import type { Connection } from './connection.ts'
import type { IdleJob, Measurement } from './job.ts'
import { ConnectionPool } from './pool.ts'
import { requestsFor } from './requests.ts'
import { saturation } from './saturation.ts'
import { Tally } from './tally.ts'
import { type IdleConnections, openIdleHttp2, warmHttp2 } from './idle-http2.ts'
import { readings, spent } from './window.ts'

/** Connections that have their first request in flight at any one time. */
const openingAtOnce = 64

/** Time for a proxy to finish what it does after the last request. */
const settleSeconds = 1

/** Longest time to open all connections. */
const openingLimit = 60

/**
 * Warms the proxy up, reads its memory, opens the connections with one request on each, and reads its memory
 * again. The growth is what idle connections cost, garbage that the proxy keeps included.
 */
export async function idle(job: IdleJob, origin: Origin): Promise<Measurement> {
  const { window, target, routes } = job
  const proxy = window.proxyPid === undefined ? [] : processTree(window.proxyPid)
  const warmup = { warmupSeconds: 0, seconds: window.warmupSeconds }
  const shared = { target, routes, window: warmup, exchange: 'small' as const }
  const warm = job.http2
    ? { upstreamConnections: 0, ...(await warmHttp2(job, openingAtOnce)) }
    : await saturation({ ...shared, kind: 'saturation', connections: openingAtOnce }, origin)
  await sleep(settleSeconds * 1000)

  const tally = new Tally()
  const before = readings(proxy)
  const opened = await openIdle(job, tally)
  try {
    await sleep(settleSeconds * 1000)
    const after = readings(proxy)
    return {
      ...spent(before, after),
      requests: tally.requests,
      bytes: tally.bytes,
      failures: { ...warm.failures, ...tally.failures },
      upstreamConnections: warm.upstreamConnections,
      idle: { connections: job.connections, bytesBefore: before.proxyBytes, bytesAfter: after.proxyBytes },
    }
  } finally {
    opened.close()
  }
}

/** Opens all connections, and rejects when that takes too long. */
async function openIdle(job: IdleJob, tally: Tally): Promise<IdleConnections> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let sum = 0
  const answered = (so: number): void => {
    sum = so
    if (sum >= job.connections) resolve()
  }
  const opened = job.http2
    ? openIdleHttp2(job, openingAtOnce, tally, answered)
    : openIdleHttp1(job, tally, answered)
  const limit = setTimeout(() => {
    const failures = Object.keys(tally.failures).join(', ') || 'none'
    reject(
      new Error(`${sum} of ${job.connections} connections after ${openingLimit} s; failures: ${failures}`),
    )
  }, openingLimit * 1000)
  try {
    await promise
    return opened
  } catch (error) {
    opened.close()
    throw error
  } finally {
    clearTimeout(limit)
  }
}

function openIdleHttp1(job: IdleJob, tally: Tally, whenAnswered: (sum: number) => void): IdleConnections {
  const asked = new Set<Connection>()
  const answered = new Set<Connection>()
  const pool = new ConnectionPool(job.target, requestsFor('small', job.target, job.routes), tally, {
    idle: (connection) => {
      if (!asked.has(connection)) {
        asked.add(connection)
        connection.send()
        return
      }
      answered.add(connection)
      whenAnswered(answered.size)
      if (pool.size < job.connections) pool.open()
    },
    lost: (connection) => answered.delete(connection),
  })
  for (let count = 0; count < Math.min(openingAtOnce, job.connections); count++) pool.open()
  return pool
}
