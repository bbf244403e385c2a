import type { Candidate } from '../../src/upstream/balance/balancer.ts'
import { Exchange } from '../../src/message/exchange.ts'
import { HttpRequest } from '../../src/message/request.ts'
import { PeakEwma } from '../../src/upstream/balance/peak-ewma.ts'
import type { Clock } from '../../src/time/clock.ts'

/** An endpoint as a balancer sees it, to be set by hand. */
export class FakeCandidate implements Candidate {
  readonly name: string
  weight: number
  share: number
  load = 0
  readonly latency: PeakEwma = new PeakEwma()

  constructor(name: string, weight = 1) {
    this.name = name
    this.weight = weight
    this.share = weight
  }
}

/** Named a, b, c and so on. */
export function candidates(weights: readonly number[]): FakeCandidate[] {
  return weights.map((weight, index) => new FakeCandidate(String.fromCharCode(97 + index), weight))
}

export function exchangeFrom(
  client: string,
  clock: Clock,
  headers: Readonly<Record<string, string>> = {},
  path = '/',
): Exchange {
  const request = HttpRequest.to(`http://orders.example${path}`, { headers })
  return new Exchange(request, clock, { address: client, port: 1, encrypted: false })
}
