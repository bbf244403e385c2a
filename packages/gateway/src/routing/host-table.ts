import type { HostPattern } from './pattern.ts'
import { HASH_START, hashBackward, hashStep, TextTable } from './text-table.ts'

const DOT = 0x2e

/** Values by host: for a host, those of all patterns that it matches, the most specific first. */
export class HostTable<Value> {
  private readonly exact = new Map<string, readonly Value[]>()
  private readonly suffixes: TextTable<readonly Value[]> | undefined
  private readonly any: readonly Value[]

  /** @param entries each pattern once; undefined is the pattern of every host */
  constructor(entries: Iterable<{ readonly pattern: HostPattern | undefined; readonly value: Value }>) {
    const all = [...entries]
    this.any = all.filter(({ pattern }) => pattern === undefined).map(({ value }) => value)
    const bySuffix = new Map<string, Value>()
    for (const { pattern, value } of all) if (pattern?.kind === 'suffix') bySuffix.set(pattern.suffix, value)
    const below = (host: string): readonly Value[] => [...valuesOfSuffixes(host, bySuffix), ...this.any]
    for (const { pattern, value } of all) {
      if (pattern?.kind === 'exact') this.exact.set(pattern.host, [value, ...below(pattern.host)])
    }
    const lists = new Map([...bySuffix].map(([suffix, value]) => [suffix, [value, ...below(suffix)]]))
    this.suffixes = lists.size > 0 ? new TextTable(lists, hashBackward) : undefined
  }

  get(host: string): readonly Value[] {
    const exact = this.exact.get(host)
    if (exact !== undefined) return exact
    return this.suffixes === undefined ? this.any : this.bySuffix(host, this.suffixes)
  }

  /** Read from its end, each dot ends a longer suffix than the one before: one pass, and nothing cut out. */
  private bySuffix(host: string, suffixes: TextTable<readonly Value[]>): readonly Value[] {
    let longest = this.any
    let hash = HASH_START
    // Not down to 0: a suffix has a label before it.
    for (let index = host.length - 1; index > 0; index--) {
      const code = host.charCodeAt(index)
      hash = hashStep(hash, code)
      if (code === DOT) longest = suffixes.get(host, index, host.length, hash) ?? longest
    }
    return longest
  }
}

/** The values of the suffixes that `host` ends in, with a label before them; the longest first. */
function* valuesOfSuffixes<Value>(host: string, bySuffix: ReadonlyMap<string, Value>): Iterable<Value> {
  for (let dot = host.indexOf('.', 1); dot > 0; dot = host.indexOf('.', dot + 1)) {
    const value = bySuffix.get(host.slice(dot))
    if (value !== undefined) yield value
  }
}
