import { Composer, type CST, type Document, Parser, type YAMLError } from 'yaml'
import { DEEPEST, MOST_KEYS, TOO_DEEP, TOO_MANY_KEYS } from './positions.ts'

export { isAlias, isMap, isScalar, isSeq } from 'yaml'
export type { CST, Document, Node, Pair, YAMLError, YAMLMap, YAMLSeq } from 'yaml'

/** A document, or where it is nested too deep to be made one. */
export interface YamlTree {
  readonly documents: readonly Document.Parsed[]
  readonly errors: readonly YAMLError[]
  /** Scalars in quotes that go over several lines: where a quote is missing, the first of them began before it. */
  readonly longQuotes: readonly CST.FlowScalar[]
  /** Where something stands too deep, or holds too many keys. */
  readonly beyond?: Beyond
}

export interface Beyond {
  readonly message: string
  readonly offset: number
}

/**
 * The parser of yaml keeps a stack of its own, and its composer calls itself: what is nested too deep is found in between.
 * Keys that are there twice are looked for elsewhere: the library compares each with all others.
 */
export function yamlTree(text: string): YamlTree {
  const tokens = [...new Parser().parse(text)]
  const longQuotes: CST.FlowScalar[] = []
  const beyond = survey(tokens, longQuotes)
  if (beyond !== undefined) return { documents: [], errors: [], longQuotes, beyond }
  const composer = new Composer({ merge: true, uniqueKeys: false, prettyErrors: false })
  const documents = [...composer.compose(tokens, true, text.length)].filter(
    (each): each is Document.Parsed => 'range' in each,
  )
  const errors = documents.flatMap((document) => [...document.errors, ...document.warnings])
  return { documents, errors, longQuotes }
}

/** Without calling itself, since the depth is what it looks for. */
function survey(tokens: readonly CST.Token[], longQuotes: CST.FlowScalar[]): Beyond | undefined {
  const waiting = tokens.map((token) => ({ token, depth: 0 })).reverse()
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { token, depth } = next
    if (token.type === 'document' && token.value !== undefined) waiting.push({ token: token.value, depth })
    if (/^(?:single|double)-quoted/.test(token.type) && 'source' in token && token.source.includes('\n'))
      longQuotes.push(token as CST.FlowScalar)
    if (!('items' in token)) continue
    if (depth === DEEPEST) return { message: TOO_DEEP, offset: token.offset }
    const isMap = token.type === 'block-map' || ('start' in token && token.start.source === '{')
    if (isMap && token.items.length > MOST_KEYS) return { message: TOO_MANY_KEYS, offset: token.offset }
    for (const { key, value } of [...token.items].reverse()) {
      for (const inner of [value, key]) if (inner) waiting.push({ token: inner, depth: depth + 1 })
    }
  }
  return undefined
}
