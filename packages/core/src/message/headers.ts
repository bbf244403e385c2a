import { type HeaderField, HeaderLine } from './header-line.ts'
import { isToken, isFieldValue } from './tokens.ts'

/** Room for so many lines from the start: an array that grows is copied, once or twice for a usual message. */
const USUAL_LINES = 16
/** For a message with more. */
const MANY_LINES = 32

/**
 * The field lines of a message, in order, with names in lower case; several lines may share a name
 * (RFC 9110 5.2). An array: a message has some ten lines, and scanning ten interned strings is cheaper than hashing one.
 */
export class HeaderList {
  private list: HeaderLine[]
  /** How much of `list` is in use: what lies behind is left over from lines that were removed. Cutting an array costs a call. */
  private used: number
  /** Names of lines that came as not to be put into any table of a compression (RFC 7541 6.2.3); undefined if none did. */
  neverIndexed: Set<string> | undefined

  /**
   * @param from copied, with no room for more lines; without it, empty
   * @param expected how many lines there are going to be, about. Default: as many as most messages have
   */
  constructor(from?: HeaderList, expected: number = USUAL_LINES) {
    // Two constants: V8 makes an array of a size that varies by a call.
    if (from !== undefined) this.list = from.list.slice(0, from.used)
    else if (expected > USUAL_LINES) this.list = new Array<HeaderLine>(MANY_LINES)
    else this.list = new Array<HeaderLine>(USUAL_LINES)
    this.used = from === undefined ? 0 : from.used
    this.neverIndexed = from?.neverIndexed
  }

  /** Checked as `append` checks. */
  static of(
    fields: Iterable<readonly [name: string, value: string]> | Readonly<Record<string, string>>,
  ): HeaderList {
    const headers = new HeaderList()
    const pairs = Symbol.iterator in fields ? fields : Object.entries(fields)
    for (const [name, value] of pairs as Iterable<readonly [string, string]>) headers.append(name, value)
    return headers
  }

  /** How many field lines there are. */
  get size(): number {
    return this.used
  }

  /** The value, or the values of all lines of that name joined by ", " (RFC 9110 5.3). `name` in lower case. */
  get(name: string): string | undefined {
    const { list, used } = this
    let value: string | undefined
    for (let index = 0; index < used; index++) {
      const line = list[index] as HeaderLine // within the list
      if (line.name === name) value = value === undefined ? line.value : `${value}, ${line.value}`
    }
    return value
  }

  /** The values of all lines of that name, apart: for fields that must not be joined, as Set-Cookie. */
  getAll(name: string): string[] {
    const values: string[] = []
    for (let index = 0; index < this.used; index++) {
      const line = this.lineAt(index)
      if (line.name === name) values.push(line.value)
    }
    return values
  }

  has(name: string): boolean {
    const { list, used } = this
    for (let index = 0; index < used; index++) if (list[index]?.name === name) return true
    return false
  }

  /**
   * Adds a line at the end.
   * @throws TypeError if the name is no token or the value holds CR, LF, NUL or another control character.
   */
  append(name: string, value: string): void {
    check(name, value)
    this.add(name.toLowerCase(), value)
  }

  /** Replaces all lines of that name by one; throws as `append` does. */
  set(name: string, value: string): void {
    check(name, value)
    const lower = name.toLowerCase()
    this.delete(lower)
    this.add(lower, value)
  }

  /** Removes all lines of that name, given in lower case. */
  delete(name: string): void {
    if (this.has(name)) this.retain((each) => each !== name)
  }

  /** Keeps only the lines for whose name `keep` returns true. `keep` is called with `context`, to need no closure. */
  retain<Context>(keep: (name: string, context: Context) => boolean, context?: Context): void {
    this.retainLines(({ name }) => keep(name, context as Context), undefined)
  }

  /** The same, by the lines themselves. */
  retainLines<Context>(keep: (line: HeaderLine, context: Context) => boolean, context: Context): void {
    const { list, used } = this
    let kept = 0
    for (let index = 0; index < used; index++) {
      const line = list[index] as HeaderLine // within the list
      if (!keep(line, context)) continue
      if (kept !== index) list[kept] = line
      kept++
    }
    this.used = kept
  }

  lineAt(index: number): HeaderLine {
    return this.list[index] as HeaderLine // callers stay below `size`
  }

  /** The name of line `index`, from 0. */
  nameAt(index: number): string {
    return this.lineAt(index).name
  }

  valueAt(index: number): string {
    return this.lineAt(index).value
  }

  /**
   * For the engine, on its hot path: adds a line as it is. The name is in lower case; both were checked, or are checked when
   * the head is written.
   */
  add(name: string, value: string): void {
    this.addLine(new HeaderLine(name, value))
  }

  /** The same with a line that may stand in other messages, too. */
  addLine(line: HeaderLine): void {
    this.list[this.used++] = line
  }

  /** Replaces all lines of that name by one, as `add` does. */
  put(name: string, value: string): void {
    this.putLine(new HeaderLine(name, value))
  }

  /** Replaces all lines of its name by this one, as `addLine` does. */
  putLine(line: HeaderLine): void {
    this.delete(line.name)
    this.addLine(line)
  }

  clone(): HeaderList {
    return new HeaderList(this)
  }

  *[Symbol.iterator](): IterableIterator<HeaderField> {
    for (let index = 0; index < this.size; index++)
      yield { name: this.nameAt(index), value: this.valueAt(index) }
  }
}

/** Behind a colon stands what was meant as the value, which may be a secret. */
function shownName(name: string): string {
  const colon = name.indexOf(':', 1)
  return JSON.stringify(colon < 0 ? name : `${name.slice(0, colon + 1)}…`)
}

function check(name: string, value: string): void {
  if (!isToken(name)) {
    throw new TypeError(
      `${shownName(name)} is not a header field name: use letters, digits and !#$%&'*+-.^_\`|~`,
    )
  }
  if (!isFieldValue(value)) {
    // The value may be a secret: only its name is told.
    throw new TypeError(`the value of header field ${name} holds a control character or one beyond latin1`)
  }
}
