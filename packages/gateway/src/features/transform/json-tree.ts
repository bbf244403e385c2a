/**
 * A value of JSON as it was written: numbers and texts are kept as their literals, so that 12345678901234567890 and 1.0 leave as they came; members keep
 * their order.
 */
export type JsonNode =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'list'; readonly items: JsonNode[] }
  | { readonly kind: 'object'; readonly members: Map<string, JsonNode> }

/** How much of it there may be. */
export interface JsonLimits {
  /** Lists and objects in each other. */
  readonly depth: number
}

/** Longer ones than this are no numbers that anybody writes. */
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// oxlint-disable-next-line no-control-regex -- those that a text must escape (RFC 8259 7)
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const BLANK = /[ \t\n\r]*/y

/**
 * Reads JSON (RFC 8259). Two members of one name are not taken: programs differ in which of them counts.
 * @throws TypeError that says what is wrong and where, and nothing of the content
 */
export function parseJson(text: string, limits: JsonLimits): JsonNode {
  const reader = new JsonReader(text, limits.depth)
  const value = reader.value(0)
  reader.end()
  return value
}

class JsonReader {
  private readonly text: string
  private readonly depth: number
  private at = 0

  constructor(text: string, depth: number) {
    this.text = text
    this.depth = depth
  }

  value(level: number): JsonNode {
    this.skip(BLANK)
    const { text, at } = this
    switch (text[at]) {
      case '{':
        return this.object(level + 1)
      case '[':
        return this.list(level + 1)
      case '"':
        return { kind: 'literal', text: this.token(STRING, 'a text') }
      default:
        for (const word of ['true', 'false', 'null']) {
          if (!text.startsWith(word, at)) continue
          this.at += word.length
          return { kind: 'literal', text: word }
        }
        return { kind: 'literal', text: this.token(NUMBER, 'a value') }
    }
  }

  end(): void {
    this.skip(BLANK)
    if (this.at < this.text.length) throw this.wrong('something follows the value')
  }

  private object(level: number): JsonNode {
    const members = new Map<string, JsonNode>()
    this.open(level)
    if (this.closed('}')) return { kind: 'object', members }
    do {
      this.skip(BLANK)
      const name = JSON.parse(this.token(STRING, 'a name')) as string
      if (members.has(name)) throw this.wrong('an object has two members of one name')
      this.expect(':')
      members.set(name, this.value(level))
    } while (this.hasMore('}'))
    return { kind: 'object', members }
  }

  private list(level: number): JsonNode {
    const items: JsonNode[] = []
    this.open(level)
    if (this.closed(']')) return { kind: 'list', items }
    do items.push(this.value(level))
    while (this.hasMore(']'))
    return { kind: 'list', items }
  }

  private open(level: number): void {
    if (level > this.depth) throw this.wrong(`more than ${this.depth} lists and objects stand in each other`)
    this.at++
  }

  private closed(end: string): boolean {
    this.skip(BLANK)
    if (this.text[this.at] !== end) return false
    this.at++
    return true
  }

  private hasMore(end: string): boolean {
    if (this.closed(end)) return false
    this.expect(',')
    return true
  }

  private expect(sign: string): void {
    this.skip(BLANK)
    if (this.text[this.at] !== sign) throw this.wrong(`there is no "${sign}"`)
    this.at++
  }

  private token(pattern: RegExp, what: string): string {
    pattern.lastIndex = this.at
    const [found] = pattern.exec(this.text) ?? []
    if (found === undefined) throw this.wrong(`there is not ${what}`)
    this.at += found.length
    return found
  }

  private skip(pattern: RegExp): void {
    pattern.lastIndex = this.at
    this.at += pattern.exec(this.text)?.[0].length ?? 0
  }

  private wrong(problem: string): TypeError {
    return new TypeError(`${problem}, at character ${this.at + 1}`)
  }
}

/** As it is sent: without blanks between the values. */
export function jsonText(node: JsonNode): string {
  switch (node.kind) {
    case 'literal':
      return node.text
    case 'list':
      return `[${node.items.map(jsonText).join(',')}]`
    case 'object':
      return `{${Array.from(node.members, ([name, each]) => `${JSON.stringify(name)}:${jsonText(each)}`).join(',')}}`
  }
}

/** A value of a configuration, or of our own. */
export function jsonNode(value: unknown): JsonNode {
  if (Array.isArray(value)) return { kind: 'list', items: value.map(jsonNode) }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, each]): [string, JsonNode] => [name, jsonNode(each)])
    return { kind: 'object', members: new Map(members) }
  }
  return { kind: 'literal', text: JSON.stringify(value ?? null) }
}
