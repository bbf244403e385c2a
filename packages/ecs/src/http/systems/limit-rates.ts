import type { System } from '../../port/port.ts'
import { httpParts } from '../http-parts.ts'

/** Admits those that wait for their domain's rate limit, as far as it has tokens and slots are free. */
export const limitRates: System = {
  name: 'http:limit-rates',
  run: (port) => {
    const { config, rates, requests, time } = httpParts(port)
    let free = config.maxInFlight - requests.inFlight - requests.admitted.size
    if (free <= 0) return
    for (const line of rates.ready(time.now)) {
      const pending = requests.shift(line)
      if (pending === undefined) continue
      pending.phase = 'admitted'
      requests.stand(pending, requests.admitted)
      if (--free <= 0) return
    }
  },
}
