/** A timer that can be armed again and again without allocating. It starts disarmed. */
export interface Timer {
  /** Fires once, `delay` milliseconds from now; a timer already armed is moved. */
  arm(delay: number): void
  disarm(): void
  /** Disarms a timer that is about to be armed again: cheaper, but it and what it refers to may stay in memory until it was due. */
  hold(): void
}
