import { type HostPattern, parseHostPattern } from '../../settings/values/pattern.ts'
import { HASH_START, hashBackward, hashStep, type TextEntry, TextIndex } from './text-index.ts'

const DOT = 0x2e

/** Owners in the index. */
const EXACT = 0
const SUFFIX = 1

/** Numbers of a list: its value, and the list that goes on for it, or -1. */
const SIZE = 2

/** Whole numbers by host: for a host, those of all patterns that it matches, the most specific first, as a chain. */
export class HostTable {
  private readonly index: TextIndex
  private readonly chain: Int32Array
  private readonly any: number
  private readonly hasTexts: boolean
  private readonly hasSuffixes: boolean

  /** @param values by host pattern, each once; undefined is the pattern of every host */
  constructor(values: ReadonlyMap<string | undefined, number>) {
    const chain: number[] = []
    const texts: TextEntry[] = []
    const link = (value: number, rest: number): number => chain.push(value, rest) - SIZE
    const forAll = values.get(undefined)
    this.any = forAll === undefined ? -1 : link(forAll, -1)
    const suffixes = new Map<string, number>()
    for (const { pattern, value } of shortestFirst(values)) {
      const exact = pattern.kind === 'exact'
      const text = exact ? pattern.host : pattern.suffix
      const at = link(value, longestSuffix(text, suffixes) ?? this.any)
      if (!exact) suffixes.set(text, at)
      texts.push({ owner: exact ? EXACT : SUFFIX, text, value: at })
    }
    this.chain = Int32Array.from(chain)
    this.hasTexts = texts.length > 0
    this.hasSuffixes = suffixes.size > 0
    this.index = new TextIndex(texts, hashBackward)
  }

  /**
   * Where the chain of a host begins; -1 if it is empty. Read from its end, each dot ends a longer suffix than the one before:
   * one pass, and nothing cut out.
   */
  first(host: string): number {
    const { index, hasSuffixes } = this
    if (!this.hasTexts) return this.any
    let longest = this.any
    let hash = HASH_START
    for (let at = host.length - 1; at >= 0; at--) {
      const code = host.charCodeAt(at)
      hash = hashStep(hash, code)
      // Not at 0: a suffix has a label before it.
      if (code === DOT && hasSuffixes && at > 0) {
        const suffix = index.get(SUFFIX, host, at, host.length, hash)
        if (suffix !== -1) longest = suffix
      }
    }
    const exact = index.get(EXACT, host, 0, host.length, hash)
    return exact === -1 ? longest : exact
  }

  value(at: number): number {
    return this.chain[at] ?? -1
  }

  next(at: number): number {
    return this.chain[at + 1] ?? -1
  }
}

/** So that what a chain goes on with is there already. */
function shortestFirst(
  values: ReadonlyMap<string | undefined, number>,
): { readonly pattern: HostPattern; readonly value: number }[] {
  const parsed = [...values].flatMap(([host, value]) =>
    host === undefined ? [] : [{ pattern: parseHostPattern(host), value, length: host.length }],
  )
  return parsed.sort((one, other) => rank(one.pattern) - rank(other.pattern) || one.length - other.length)
}

function rank({ kind }: HostPattern): number {
  return kind === 'suffix' ? 0 : 1
}

/** Of those that `text` ends in, with a label before them. */
function longestSuffix(text: string, suffixes: ReadonlyMap<string, number>): number | undefined {
  for (let dot = text.indexOf('.', 1); dot > 0; dot = text.indexOf('.', dot + 1)) {
    const found = suffixes.get(text.slice(dot))
    if (found !== undefined) return found
  }
  return undefined
}
