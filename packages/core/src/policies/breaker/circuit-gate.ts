import type { Exchange } from '../../message/exchange.ts'
import type { HttpResponse } from '../../message/response.ts'
import type { Clock } from '../../time/clock.ts'
import type { Timer } from '../../time/timer.ts'
import type { Circuit } from './breaker-state.ts'
import { isUpstreamFailure, recorded } from './call-outcome.ts'

/**
 * A circuit in front of one of several that do the same: whoever chooses among them leaves out the one that is shut, and
 * is told when that changes. So it needs a timer, which `breaker` does not: nobody asks an endpoint that is left out.
 */
export class CircuitGate {
  /** Nothing can be let through: it is open, or as many probes as may be are under way. */
  shut = false
  /** Called when `shut` has changed. */
  changed: () => void = () => {}
  readonly circuit: Circuit
  private readonly clock: Clock
  private readonly reopening: Timer

  private readonly stopped: () => void

  /** @param stopped called when it is not needed any more */
  constructor(circuit: Circuit, clock: Clock, stopped: () => void) {
    this.circuit = circuit
    this.clock = clock
    this.stopped = stopped
    this.reopening = clock.timer(() => this.update())
  }

  /** Asks to let a call through: answers its permit, or −1 if it must not go. */
  enter(now: number): number {
    const permit = this.circuit.enter(now)
    if (this.circuit.state !== 'closed') this.update()
    return permit
  }

  /** Sees how a call ends that was let through. */
  async watch(sent: Promise<HttpResponse>, permit: number, exchange: Exchange): Promise<HttpResponse> {
    const { circuit, clock } = this
    try {
      return await recorded(sent, circuit, permit, clock.now(), exchange, isUpstreamFailure)
    } finally {
      if (circuit.state !== 'closed') this.update()
    }
  }

  retryAfter(now: number): number | undefined {
    return this.circuit.retryAfter(now)
  }

  /** To be called when the circuit may have moved. */
  update(): void {
    const { circuit, clock, reopening } = this
    const now = clock.now()
    const shut = !circuit.admits(now)
    if (circuit.state === 'open' && shut) reopening.arm(circuit.opensUntil - now)
    else reopening.disarm()
    if (shut === this.shut) return
    this.shut = shut
    this.changed()
  }

  /** It is not needed any more: no timer runs from now on. */
  stop(): void {
    this.reopening.disarm()
    this.stopped()
  }
}
