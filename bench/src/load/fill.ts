import { setTimeout as sleep } from 'node:timers/promises'
import { processTree } from '../accounting.ts'
import type { Origin } from '../origin/origin.ts'
import { storedSize } from '../origin/documents.ts'
import type { FillJob, Measurement } from './job.ts'
import { ConnectionPool } from './pool.ts'
import { type Requests, requestsFor } from './requests.ts'
import { saturation } from './saturation.ts'
import { Tally } from './tally.ts'
import { readings, spent } from './window.ts'

/** Time for a proxy to finish what it does after the last request. */
const settleSeconds = 1
/** Longest time for one pass, in milliseconds, and what each document adds to it: a slow machine has 500 in a second stored. */
const passLimit = 30_000
const limitOfDocument = 2
/** Documents that are asked for a second time, to see that they were kept. */
const sample = 1000

/**
 * Warms the proxy up with what is not stored, reads its memory, has it store the documents, and reads its memory again. The growth is
 * what they take, garbage that the proxy keeps included.
 */
export async function fill(job: FillJob, origin: Origin): Promise<Measurement> {
  const { window, target, routes, connections, documents } = job
  const proxy = window.proxyPid === undefined ? [] : processTree(window.proxyPid)
  const warmup = { warmupSeconds: 0, seconds: window.warmupSeconds }
  const load = { kind: 'saturation', target, routes, connections, window: warmup } as const
  const warm = await saturation({ ...load, exchange: 'small' }, origin)
  await sleep(settleSeconds * 1000)

  const tally = new Tally()
  const before = readings(proxy)
  const one = requestsFor('stored', target, routes, { distinct: true })
  const wire: Buffer[] = []
  await pass(job, tally, { ...one, next: (route) => keep(wire, one.next(route)) }, documents)
  await sleep(settleSeconds * 1000)
  const after = readings(proxy)

  const askedBefore = origin.asked
  const step = Math.floor(documents / sample)
  let again = 0
  await pass(job, tally, { ...one, next: () => wire[again++ * step] ?? one.next(0) }, sample)
  const lost = origin.asked - askedBefore
  if (lost > 0) tally.failures[`of ${sample} not stored`] = lost
  return {
    ...spent(before, after),
    requests: tally.requests,
    bytes: tally.bytes,
    failures: { ...warm.failures, ...tally.failures },
    upstreamConnections: warm.upstreamConnections,
    stored: {
      contentBytes: documents * storedSize,
      bytesBefore: before.proxyBytes,
      bytesAfter: after.proxyBytes,
    },
  }
}

function keep(all: Buffer[], one: Buffer): Buffer {
  all.push(one)
  return one
}

/** Makes so many requests, one after the other on each connection. */
async function pass(job: FillJob, tally: Tally, requests: Requests, count: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let sent = 0
  let left = count + job.connections
  const pool = new ConnectionPool(job.target, requests, tally, {
    // Once when it is up, and once for each response.
    idle: (connection) => {
      if (--left === 0) resolve()
      else if (sent < count) {
        sent++
        connection.send()
      }
    },
  })
  const most = passLimit + count * limitOfDocument
  const limit = setTimeout(
    () => reject(new Error(`${left} responses are missing after ${most / 1000} s`)),
    most,
  )
  for (let opened = 0; opened < job.connections; opened++) pool.open()
  try {
    await promise
  } finally {
    clearTimeout(limit)
    pool.close()
  }
}
