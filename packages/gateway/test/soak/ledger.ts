/** What the driver knows of an exchange when it is over for it. */
export type Ending =
  /** A whole response. */
  | { readonly kind: 'answered'; readonly status: number }
  /** A response whose body was cut off, as it must be when the origin's was. */
  | { readonly kind: 'cut'; readonly status: number }
  /** The driver left; `seen`: the gateway has certainly had the request. */
  | { readonly kind: 'cancelled'; readonly seen: boolean }
  /** No response, to a request that the driver sent so late that the gateway need not have waited for it: no line, either. */
  | { readonly kind: 'unheard' }

/** What the ledger reads of a line of the access log. */
interface Line {
  readonly route: string
  readonly path: string
  readonly status: number | null
  readonly error?: string
  readonly cache?: string
}

/** How many mistakes are told in full. */
const SHOWN = 20

/**
 * Both sides of the books: what the driver sent and saw, and what the gateway's access log says. Each exchange has a number,
 * in its path, and is struck off when both sides agree; what is left at the end was not accounted for.
 */
export class Ledger {
  readonly totals: Record<Ending['kind'] | 'refused' | 'sent', number> = {
    sent: 0,
    answered: 0,
    cut: 0,
    cancelled: 0,
    unheard: 0,
    refused: 0,
  }
  /** Heads that were left unfinished so late that the gateway may have refused them before. */
  maybeRefused = 0
  /** Of the log: lines of exchanges by status class, all lines by error code. */
  readonly classes: Map<string, number> = new Map()
  readonly errors: Map<string, number> = new Map()
  /** What the cache did, by its word. */
  readonly cached: Map<string, number> = new Map()
  readonly mistakes: string[] = []
  lines = 0
  /** Lines of requests that were refused before they were exchanges. */
  refusedLines = 0
  private readonly open = new Map<number, Ending | undefined>()
  private readonly early = new Map<number, Line>()

  /** A number for a request that is about to be sent. */
  begin(): number {
    const number = ++this.totals.sent
    this.open.set(number, undefined)
    return number
  }

  end(number: number, ending: Ending): void {
    this.totals[ending.kind]++
    const line = this.early.get(number)
    this.early.delete(number)
    if (line !== undefined) this.settle(number, ending, line)
    else this.open.set(number, ending)
  }

  /** A request without a number was refused, or not, as it should be. */
  refused(status: number, expected: number): void {
    this.totals.refused++
    if (status !== expected) this.mistake(`a request to be refused with ${expected} got ${status}`)
  }

  logged(text: string): void {
    const line = JSON.parse(text) as Line
    this.lines++
    if (line.error !== undefined) add(this.errors, line.error)
    if (line.route === '') {
      this.refusedLines++
      return
    }
    if (line.cache !== undefined) add(this.cached, line.cache)
    add(this.classes, line.status === null ? 'none' : `${Math.floor(line.status / 100)}xx`)
    const number = Number(line.path.slice(line.path.lastIndexOf('/') + 1))
    if (!this.open.has(number)) return this.mistake(`a line of no open exchange: ${text}`)
    const ending = this.open.get(number)
    if (ending !== undefined) this.settle(number, ending, line)
    else this.early.set(number, line)
  }

  /** What neither side has closed; those of which the gateway need not have heard are no mistake. */
  close(): void {
    for (const [number, ending] of this.open) {
      if (ending === undefined) this.mistake(`exchange ${number} never ended for the driver`)
      else if (ending.kind !== 'unheard' && (ending.kind !== 'cancelled' || ending.seen))
        this.mistake(`exchange ${number} (${JSON.stringify(ending)}) is not in the access log`)
    }
  }

  mistake(text: string): void {
    if (this.mistakes.length < SHOWN) this.mistakes.push(text)
    else this.mistakes[SHOWN] = 'and more'
  }

  private settle(number: number, ending: Ending, line: Line): void {
    this.open.delete(number)
    const wrong =
      ending.kind === 'unheard' ||
      (ending.kind !== 'cancelled' && line.status !== ending.status) ||
      (ending.kind === 'cut' && line.error === undefined)
    if (wrong) this.mistake(`exchange ${number}: ${JSON.stringify(ending)} but ${JSON.stringify(line)}`)
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
