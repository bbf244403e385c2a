/** Tells on stderr what is being measured, and how long the rest may take. */
export class Progress {
  readonly #cells: number
  readonly #started = performance.now()
  #done = 0

  /** `cells` is the number of measurements in the whole run. */
  constructor(cells: number) {
    this.#cells = cells
  }

  /** Announces the next cell. */
  start(what: string): void {
    process.stderr.write(`[${this.#done + 1}/${this.#cells}] ${what} … `)
  }

  /** Ends the line of the cell. */
  done(outcome: string): void {
    this.#done++
    const perCell = (performance.now() - this.#started) / this.#done
    const left = Math.round((perCell * (this.#cells - this.#done)) / 1000)
    process.stderr.write(`${outcome} (${left > 0 ? `about ${duration(left)} left` : 'last'})\n`)
  }
}

/** Seconds as a person says them. */
export function duration(seconds: number): string {
  return seconds < 100 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`
}
