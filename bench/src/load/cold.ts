import type { Origin } from '../origin/origin.ts'
import { processTree } from '../accounting.ts'
import type { Connection } from './connection.ts'
import type { ColdJob, Measurement } from './job.ts'
import { ConnectionPool } from './pool.ts'
import { requestsFor } from './requests.ts'
import { Tally } from './tally.ts'
import { readings, spent } from './window.ts'

/** Longest time for all clients to be answered. */
const answerLimit = 20_000

/**
 * Opens a connection for each client and, when all are up, has all of them ask for the same document, which is not stored yet and
 * takes the origin half a second. Counts what the origin is asked, and does it again with another document.
 */
export async function cold(job: ColdJob, origin: Origin): Promise<Measurement> {
  const tally = new Tally()
  const one = requestsFor('slow', job.target, job.routes, { distinct: true })
  let request = one.next(0)
  const idle: Connection[] = []
  let whenIdle: (() => void) | undefined
  const requests = { ...one, routes: 1, next: () => request }
  const pool = new ConnectionPool(job.target, requests, tally, {
    idle: (connection) => {
      if (idle.push(connection) === job.clients) whenIdle?.()
    },
  })
  const allIdle = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const limit = setTimeout(
        () => reject(new Error(`${idle.length} of ${job.clients} clients are done after ${answerLimit} ms`)),
        answerLimit,
      )
      whenIdle = () => {
        clearTimeout(limit)
        resolve()
      }
    })
  const proxy = job.window.proxyPid === undefined ? [] : processTree(job.window.proxyPid)
  const acceptedBefore = origin.accepted
  const opened = allIdle()
  for (let count = 0; count < job.clients; count++) pool.open()
  try {
    await opened
    const before = readings(proxy)
    let most = 0
    for (let document = 0; document < job.documents; document++) {
      request = one.next(document % job.routes)
      const askedBefore = origin.asked
      const answered = allIdle()
      for (const connection of idle.splice(0)) connection.send()
      await answered
      most = Math.max(most, origin.asked - askedBefore)
    }
    const after = readings(proxy)
    return {
      ...spent(before, after),
      requests: tally.requests,
      bytes: tally.bytes,
      failures: tally.failures,
      upstreamConnections: origin.accepted - acceptedBefore,
      cold: { most },
    }
  } finally {
    pool.close()
  }
}
