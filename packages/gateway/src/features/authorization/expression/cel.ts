import { createRequire } from 'node:module'
import type * as library from '@bufbuild/cel'
import { Regex } from '../../../routing/regex/regex.ts'

// At once, since a configuration is read at once, and where one has an expression only: it takes 10 MB in each thread.
const load = createRequire(import.meta.url)

let loaded: typeof library | undefined

function cel(): typeof library {
  return (loaded ??= load('@bufbuild/cel') as typeof library) // that package
}

/** A node of an expression, with an id by which its place is known. */
export type Expr = ReturnType<typeof library.parse>['expr']

export interface ParsedExpression {
  readonly expr: Expr
  /** The offset of a node in the text. */
  readonly offsetOf: (node: Expr) => number
}

/** Why a text is no expression. */
export interface NotParsed {
  readonly offset: number
  readonly problem: string
}

export function parseExpression(text: string): ParsedExpression | NotParsed {
  try {
    const { expr, sourceInfo } = cel().parse(text)
    return { expr, offsetOf: ({ id }) => sourceInfo?.positions[String(id)] ?? 0 }
  } catch (error) {
    const { location } = error as { location?: { start?: { offset?: number } } } // an error of the parser has one
    return { offset: location?.start?.offset ?? 0, problem: 'is not written as CEL is from here on' }
  }
}

/** What comes of an expression: whether it holds, or why that cannot be told. */
export type Outcome = boolean | { readonly failure: string }

/**
 * Letters, times the places of the pattern that is looked for in them, in one evaluation: about 4 milliseconds at 6 nanoseconds each,
 * where a text is made to meet ever new states of the automaton. Others take a hundredth of that.
 */
const MOST_LOOKS = 670_000

/** What an expression that was checked says of values, by the names of its variables. */
export function planned(
  expr: Expr,
  names: readonly string[],
): (values: Readonly<Record<string, ReadonlyMap<string, unknown>>>) => Outcome {
  const { celEnv, celMethod, CelScalar, isCelError, mapType, plan } = cel()
  const { STRING, BOOL, DYN } = CelScalar
  // The library's own would be compiled each time, and take a millisecond for a long text.
  const patterns = new Map<string, SearchPattern>()
  let looks = 0
  const matches = celMethod('matches', STRING, [STRING], BOOL, function (pattern) {
    const known = patterns.get(pattern) ?? new SearchPattern(pattern)
    patterns.set(pattern, known)
    looks += this.length * known.places
    if (looks > MOST_LOOKS) throw new RangeError('the text is too long for a pattern of so many places')
    return known.isIn(this)
  })
  const variables = Object.fromEntries(names.map((name) => [name, mapType(STRING, DYN)]))
  const evaluate = plan(celEnv({ variables, funcs: [matches] }), expr)
  return (values) => {
    looks = 0
    const result = evaluate(values as Parameters<typeof evaluate>[0]) // maps of what the checker knows
    if (typeof result === 'boolean') return result
    return { failure: isCelError(result) ? result.message : 'it is neither true nor false' }
  }
}

/** A regular expression that is looked for anywhere in a text, in a time by the length of that text. */
export class SearchPattern {
  private readonly regex: Regex

  /** @throws TypeError that says what is wrong */
  constructor(pattern: string) {
    const [starts, ends] = [pattern.startsWith('^'), /(?<!\\)(?:\\\\)*\$$/.test(pattern)]
    const inner = pattern.slice(starts ? 1 : 0, ends ? -1 : undefined)
    if ((starts || ends) && inner.includes('|') && !/^\((?!.*\).*\().*\)$/.test(inner))
      throw new TypeError('has "^" or "$" beside "|": write ^(a|b)$')
    this.regex = new Regex(`${starts ? '' : '.*'}(?:${inner})${ends ? '' : '.*'}`)
  }

  /** See `Regex.places`. */
  get places(): number {
    return this.regex.places
  }

  isIn(text: string): boolean {
    return this.regex.matches(text)
  }
}
