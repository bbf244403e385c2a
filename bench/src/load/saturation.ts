import { setTimeout as sleep } from 'node:timers/promises'
import type { Origin } from '../origin/origin.ts'
import type { Measurement, SaturationJob } from './job.ts'
import { ConnectionPool } from './pool.ts'
import { requestsFor } from './requests.ts'
import { Tally } from './tally.ts'
import { measureWindow, warmUp } from './window.ts'

/** Keeps one request in flight on every connection: what the proxy does when it has no time to wait. */
export async function saturation(job: SaturationJob, origin: Origin): Promise<Measurement> {
  const tally = new Tally()
  const requests = requestsFor(job.exchange, job.target, job.routes, {
    distinct: job.distinct,
    fields: job.fields,
  })
  const pool = new ConnectionPool(job.target, requests, tally, { idle: (connection) => connection.send() })
  for (let count = 0; count < job.connections; count++) pool.open()
  try {
    await warmUp(job.window, (seconds) => sleep(seconds * 1000))
    return await measureWindow({ ...job.window, warmupSeconds: 0 }, tally, origin)
  } finally {
    pool.close()
  }
}
