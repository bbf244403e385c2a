import { TrafficError } from '../../message/errors.ts'

/** How many WebSockets a route has, and each client of it. */
export class WebSocketPlaces {
  private readonly most: number
  private readonly mostOfClient: number
  private count = 0
  private readonly counts = new Map<string, number>()

  constructor(most: number, mostOfClient: number) {
    this.most = most
    this.mostOfClient = mostOfClient
  }

  /**
   * @returns what gives the place back, once
   * @throws TrafficError where there is none
   */
  take(client: string): () => void {
    if (this.count >= this.most)
      throw new TrafficError('concurrency_limited', `the route has its ${this.most} WebSockets already`)
    const own = this.counts.get(client) ?? 0
    if (own >= this.mostOfClient)
      throw new TrafficError('rate_limited', `the client has its ${this.mostOfClient} WebSockets already`)
    this.count++
    this.counts.set(client, own + 1)
    let isTaken = true
    return () => {
      if (isTaken) this.giveBack(client)
      isTaken = false
    }
  }

  private giveBack(client: string): void {
    this.count--
    const left = (this.counts.get(client) ?? 1) - 1
    if (left > 0) this.counts.set(client, left)
    else this.counts.delete(client)
  }
}
