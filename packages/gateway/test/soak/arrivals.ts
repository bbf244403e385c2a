/** How long a request is waited for. Milliseconds. */
const PATIENCE = 3_000

/** Tells clients that their request has reached an origin. */
export class Arrivals {
  private readonly awaited = new Map<string, () => void>()

  /** Resolves with true when a request with this path has come, or with false when it is not to be expected any more. */
  reached(path: string): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.awaited.delete(path)
        resolve(false)
      }, PATIENCE)
      this.awaited.set(path, () => {
        clearTimeout(timer)
        resolve(true)
      })
    })
  }

  came(path = ''): void {
    this.awaited.get(path)?.()
    this.awaited.delete(path)
  }
}
