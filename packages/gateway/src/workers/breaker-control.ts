import type { Upstream } from '@headgate/core'
import type { CircuitChange, CircuitReport } from '../upstreams/circuit-report.ts'
import type { CompiledUpstreams } from '../upstreams/upstreams.ts'
import type { WorkerSlot } from './slot.ts'
import { survey, type Surveyed } from './survey.ts'

/** Sees and changes the circuits, of which each worker has its own. */
export class BreakerControl {
  private readonly slots: readonly WorkerSlot[]
  private readonly upstreams: () => CompiledUpstreams
  /** What was opened by hand, by endpoint: a worker that takes the place of another must open it, too. */
  private readonly opened = new WeakMap<Upstream, Map<string | undefined, CircuitChange>>()

  constructor(slots: readonly WorkerSlot[], upstreams: () => CompiledUpstreams) {
    this.slots = slots
    this.upstreams = upstreams
  }

  report(): Promise<Surveyed<readonly CircuitReport[]>[]> {
    return survey(this.slots, { type: 'circuits' })
  }

  /** Resolves when all workers have changed theirs. */
  async change(change: CircuitChange): Promise<void> {
    this.remember(change)
    await survey(this.slots, { type: 'change-circuits', change })
  }

  /** For a worker that has just taken the place of another. */
  restore(slot: WorkerSlot): void {
    for (const { upstream } of this.upstreams().values()) {
      for (const change of this.opened.get(upstream)?.values() ?? []) {
        // One that ends meanwhile has a successor.
        slot.ask({ type: 'change-circuits', change }).catch(() => {})
      }
    }
  }

  private remember(change: CircuitChange): void {
    const upstream = this.upstreams().get(change.upstream)?.upstream
    if (upstream === undefined) return
    const { endpoint, to } = change
    const opened = this.opened.get(upstream) ?? new Map<string | undefined, CircuitChange>()
    this.opened.set(upstream, opened)
    if (to === 'open') opened.set(endpoint, change)
    else if (endpoint === undefined) opened.clear()
    else opened.delete(endpoint)
  }
}
