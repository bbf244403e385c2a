import { setTimeout as sleep } from 'node:timers/promises'
import { Http2Asker } from './http2-asker.ts'
import type { IdleJob } from './job.ts'
import { Tally } from './tally.ts'

/** The connections of a job, to be closed together. */
export interface IdleConnections {
  close: () => void
}

/** Keeps some connections of HTTP/2 busy for a time, with a request on each; resolves with what happened. */
export async function warmHttp2(
  { target, routes, window }: IdleJob,
  connections: number,
): Promise<{ failures: Record<string, number> }> {
  const tally = new Tally()
  const askers = new Set<Http2Asker>()
  for (let count = 0; count < connections; count++) {
    askers.add(
      new Http2Asker(
        target,
        routes,
        tally,
        (asker) => asker.ask(),
        (asker) => askers.delete(asker),
      ),
    )
  }
  await sleep(window.warmupSeconds * 1000)
  for (const asker of askers) asker.close()
  return tally
}

/** Opens connections of HTTP/2, a few at a time, makes one request on each, and says when each has been answered. */
export function openIdleHttp2(
  { target, routes, connections }: IdleJob,
  atOnce: number,
  tally: Tally,
  answered: (sum: number) => void,
): IdleConnections {
  const askers = new Set<Http2Asker>()
  let sum = 0
  const idle = (asker: Http2Asker): void => {
    if (asker.asked === 0) return asker.ask()
    answered(++sum)
    open()
  }
  const open = (): void => {
    if (askers.size >= connections) return
    // One that is lost is missing in the sum, and its place is not taken: the job ends with its limit.
    askers.add(new Http2Asker(target, routes, tally, idle, () => undefined))
  }
  for (let count = 0; count < atOnce; count++) open()
  return {
    close: () => {
      for (const asker of askers) asker.close()
    },
  }
}
