/**
 * Listeners of one thing. What one of them throws is an uncaught error of the process, as with an `EventTarget`: who tells them goes on, and
 * so do the others.
 */
export class Listeners<Values extends readonly unknown[]> {
  /** Made anew by each change, so that it can be gone through meanwhile. */
  private list: readonly ((...values: Values) => void)[] = []

  get size(): number {
    return this.list.length
  }

  /** Each call is a listener of its own, also of the same function. Returns what ends it, at once. */
  add(listener: (...values: Values) => void): () => void {
    let ended = false
    const own = (...values: Values): void => {
      if (!ended) listener(...values)
    }
    this.list = [...this.list, own]
    return () => {
      ended = true
      this.list = this.list.filter((each) => each !== own)
    }
  }

  /** Those that are added meanwhile are not called. */
  tell(...values: Values): void {
    for (const listener of this.list) {
      try {
        listener(...values)
      } catch (thrown) {
        queueMicrotask(() => {
          throw thrown
        })
      }
    }
  }
}
