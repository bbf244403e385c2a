import type { Origin } from '../origin/origin.ts'
import { Connection } from './connection.ts'
import { Handshakes } from './handshakes.ts'
import type { ConnectionPerRequestJob, Measurement } from './job.ts'
import { requestsFor } from './requests.ts'
import { Swap } from './swap.ts'
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
  const handshakes = job.handshakes && new Handshakes(job.handshakes)
  const open = new Set<Connection>()
  let opened = 0
  let stopped = false

  const next = (): void => {
    if (stopped) return
    let answered = false
    const events = {
      ready: () => connection.send(),
      response: () => {
        answered = true
        tally.complete(requests.bytes)
      },
      lost: (why: string) => {
        open.delete(connection)
        if (answered) {
          next()
        } else {
          tally.fail(why)
          setTimeout(next, 20)
        }
      },
    }
    const connection = new Connection(job.target, requests, opened++, events, handshakes)
    open.add(connection)
  }

  const swap = job.swapped && new Swap(job.swapped)
  for (let count = 0; count < job.connections; count++) next()
  try {
    const measurement = await measureWindow(job.window, tally, origin)
    if (swap !== undefined && handshakes?.served.size !== 2) throw new Error('no swap was seen')
    return measurement
  } finally {
    stopped = true
    swap?.stop()
    for (const connection of open) connection.close()
  }
}
