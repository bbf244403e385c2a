import type { Clock, Timer } from '@headgate/core'

/** How often a worker shows that its event loop turns. Milliseconds. */
const INTERVAL = 250

/** Where a worker counts its beats: no message, so that neither side ever waits for the other. */
export function heartbeatMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
}

/** In the worker: counts for as long as its event loop turns. */
export function beat(memory: SharedArrayBuffer, clock: Clock): void {
  const beats = new Int32Array(memory)
  const timer = clock.timer(() => {
    Atomics.add(beats, 0, 1)
    timer.arm(INTERVAL)
  })
  timer.arm(0)
}

/** In the supervisor: tells when a worker has not beaten for a time. */
export class HeartbeatWatch {
  private readonly beats: Int32Array
  private readonly timer: Timer
  private seen = 0
  private missed = 0

  /**
   * @param limit milliseconds without a beat after which `stalled` is called; 0: it never is
   */
  constructor(memory: SharedArrayBuffer, clock: Clock, limit: number, stalled: () => void) {
    this.beats = new Int32Array(memory)
    // Looks are counted, not the time between them: a process that was stopped, or a machine that slept, finds all of its
    // threads behind by the same time, and each of them gets the whole limit again to show that it lives.
    const allowed = Math.ceil(limit / INTERVAL)
    this.timer = clock.timer(() => {
      const beats = Atomics.load(this.beats, 0)
      this.missed = beats === this.seen ? this.missed + 1 : 0
      this.seen = beats
      if (this.missed < allowed) this.timer.arm(INTERVAL)
      else stalled()
    })
    if (limit > 0) this.timer.arm(INTERVAL)
  }

  stop(): void {
    this.timer.disarm()
  }
}
