import type { Origin } from '../origin/origin.ts'
import { Connection } from './connection.ts'
import type { ConnectionPerRequestJob, Measurement } from './job.ts'
import { requestsFor } from './requests.ts'
import { Tally } from './tally.ts'
import { measureWindow } from './window.ts'

/**
 * Makes each request on a new connection, with `Connection: close`, and takes the next once the proxy has closed
 * this one: so it is the proxy's port that stays in TIME_WAIT, and this side never runs out of ports.
 */
export async function connectionPerRequest(
  job: ConnectionPerRequestJob,
  origin: Origin,
): Promise<Measurement> {
  const tally = new Tally()
  const requests = requestsFor('small', job.target, job.routes, { connection: 'close' })
  const open = new Set<Connection>()
  let opened = 0
  let stopped = false

  const next = (): void => {
    if (stopped) return
    let answered = false
    const connection = new Connection(job.target, requests, opened++, {
      ready: () => connection.send(),
      response: () => {
        answered = true
        tally.complete(requests.bytes)
      },
      lost: (why) => {
        open.delete(connection)
        if (answered) {
          next()
        } else {
          tally.fail(why)
          setTimeout(next, 20)
        }
      },
    })
    open.add(connection)
  }

  for (let count = 0; count < job.connections; count++) next()
  try {
    return await measureWindow(job.window, tally, origin)
  } finally {
    stopped = true
    for (const connection of open) connection.close()
  }
}
