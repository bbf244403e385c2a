type Listener<First, Second> = (first: First, second: Second) => void

/**
 * Listeners of one thing. What one of them throws is an uncaught error of the process, as with an `EventTarget`: who tells them goes on, and
 * so do the others.
 */
export class Listeners<First, Second> {
  /** Made anew by each change, so that it can be gone through meanwhile. */
  private list: readonly Listener<First, Second>[] = []

  get size(): number {
    return this.list.length
  }

  /** Each call is a listener of its own, also of the same function. Returns what ends it, at once. */
  add(listener: Listener<First, Second>): () => void {
    let ended = false
    const own: Listener<First, Second> = (first, second) => {
      if (!ended) listener(first, second)
    }
    this.list = [...this.list, own]
    return () => {
      ended = true
      this.list = this.list.filter((each) => each !== own)
    }
  }

  /** Those that are added meanwhile are not called. */
  tell(first: First, second: Second): void {
    for (const listener of this.list) {
      try {
        listener(first, second)
      } catch (thrown) {
        queueMicrotask(() => {
          throw thrown
        })
      }
    }
  }
}
