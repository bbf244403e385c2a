import type { Exchange } from '../../message/exchange.ts'
import type { HttpResponse } from '../../message/response.ts'
import type { RunningFetch } from './fetched.ts'
import { MOST_TIME, readOut, tooLong } from './revalidate.ts'

/**
 * Waits for the origin's word, or until the time of the exchange is over where something may stand in then: rejects with what would
 * have ended the exchange.
 * @param late called in that case: nobody takes what `waiting` brings
 */
export function inTime<Value>(
  exchange: Exchange,
  mayStandIn: () => boolean,
  waiting: Promise<Value>,
  late: () => void = () => undefined,
): Promise<Value> {
  const { timeLimit } = exchange
  if (timeLimit === undefined) return waiting
  return new Promise((resolve, reject) => {
    const standIn: typeof timeLimit.standIn = (error) => {
      if (!mayStandIn()) return false
      reject(error)
      late()
      return true
    }
    const settle = (): void => {
      if (timeLimit.standIn === standIn) timeLimit.standIn = undefined
    }
    timeLimit.standIn = standIn
    waiting.finally(settle).then(resolve, reject)
  })
}

/**
 * A fetch whose exchange was answered otherwise goes on for as long as a revalidation in the background may, so that an origin that
 * is slower than its clients have patience is not asked in vain for ever.
 */
export function goesOnAlone(
  exchange: Exchange,
  { flight }: RunningFetch,
  waiting: Promise<HttpResponse | undefined>,
): void {
  const { clock } = exchange
  flight.exchange.deadline = Math.max(flight.exchange.deadline, clock.now() + MOST_TIME)
  const timer = clock.timer(() => flight.giveUp(exchange, tooLong()))
  timer.arm(MOST_TIME)
  waiting
    .then((response) => response && readOut(response.body))
    // It failed, as it had for who waited.
    .catch(() => undefined)
    .finally(() => timer.disarm())
}
