import { fieldValue, HeaderList } from '@headgate/core'

/** Thrown where something is looked at that the log does not tell. */
export class NotRecorded extends Error {
  override readonly name = 'NotRecorded'
  /** As `header x-canary`. */
  readonly what: string
  /** The field that `accessLog.headers` would have to name; undefined if it cannot, or it is none. */
  readonly field: string | undefined

  constructor(what: string, field?: string) {
    super(what)
    this.what = what
    this.field = field
  }
}

/** The fields of a request as far as a log tells them. To look at another one is an error: its absence must not be a guess. */
export class RecordedHeaders extends HeaderList {
  private readonly values: ReadonlyMap<string, string | null>

  /** @param values by name, as text; null: it was not there */
  constructor(values: ReadonlyMap<string, string | null>) {
    super()
    this.values = values
    for (const [name, value] of values) if (value !== null) this.add(name, fieldValue(value))
  }

  isKnown(name: string): boolean {
    return this.values.has(name)
  }

  /** Those that were there, to be changed by what they pass. */
  copy(): HeaderList {
    const headers = new HeaderList()
    for (const [name, value] of this.values) if (value !== null) headers.add(name, fieldValue(value))
    return headers
  }

  /** @throws NotRecorded for a field of which the log does not tell whether it was there */
  override get(name: string): string | undefined {
    if (!this.values.has(name)) throw new NotRecorded(`header ${name}`, name)
    return super.get(name)
  }

  /** Who goes through all lines is after cookies, which no log holds. */
  override get size(): number {
    throw new NotRecorded('cookies')
  }
}
