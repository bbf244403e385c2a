import { listMembers } from '../message/tokens.ts'
import { FieldScanner } from './scanner.ts'
import { parseDictionary } from './structured.ts'
import type { BareItem } from './structured-types.ts'

/** What Cache-Control says, of a request or of a response (RFC 9111 5.2). Durations are in seconds. */
export interface CacheDirectives {
  noStore: boolean
  noCache: boolean
  /** The fields that `no-cache="…"` names, in lower case. */
  noCacheFields: readonly string[]
  private: boolean
  /** The fields that `private="…"` names, in lower case. */
  privateFields: readonly string[]
  public: boolean
  mustRevalidate: boolean
  proxyRevalidate: boolean
  mustUnderstand: boolean
  noTransform: boolean
  onlyIfCached: boolean
  /** RFC 8246. */
  immutable: boolean
  maxAge: number | undefined
  sMaxAge: number | undefined
  /** RFC 5861 3. */
  staleWhileRevalidate: number | undefined
  /** RFC 5861 4. */
  staleIfError: number | undefined
  /** Infinity for `max-stale` without a value. */
  maxStale: number | undefined
  minFresh: number | undefined
}

/** What is larger counts as this (RFC 9111 1.2.2). */
export const LARGEST_DELTA: number = 2 ** 31

/** Nothing said. */
export const NO_DIRECTIVES: CacheDirectives = Object.freeze({
  noStore: false,
  noCache: false,
  noCacheFields: [],
  private: false,
  privateFields: [],
  public: false,
  mustRevalidate: false,
  proxyRevalidate: false,
  mustUnderstand: false,
  noTransform: false,
  onlyIfCached: false,
  immutable: false,
  maxAge: undefined,
  sMaxAge: undefined,
  staleWhileRevalidate: undefined,
  staleIfError: undefined,
  maxStale: undefined,
  minFresh: undefined,
})

type Flag = {
  [Key in keyof CacheDirectives]: CacheDirectives[Key] extends boolean ? Key : never
}[keyof CacheDirectives]
type Delta = Exclude<keyof CacheDirectives, Flag | 'noCacheFields' | 'privateFields'>

const FLAGS: ReadonlyMap<string, Flag> = new Map<string, Flag>([
  ['no-store', 'noStore'],
  ['public', 'public'],
  ['must-revalidate', 'mustRevalidate'],
  ['proxy-revalidate', 'proxyRevalidate'],
  ['must-understand', 'mustUnderstand'],
  ['no-transform', 'noTransform'],
  ['only-if-cached', 'onlyIfCached'],
  ['immutable', 'immutable'],
])

const DELTAS: ReadonlyMap<string, Delta> = new Map<string, Delta>([
  ['max-age', 'maxAge'],
  ['s-maxage', 'sMaxAge'],
  ['stale-while-revalidate', 'staleWhileRevalidate'],
  ['stale-if-error', 'staleIfError'],
  ['max-stale', 'maxStale'],
  ['min-fresh', 'minFresh'],
])

/** Values in use are few, forged ones many: the table is emptied when it is full. */
const known = new Map<string, CacheDirectives>()
const KNOWN_LIMIT = 256

/**
 * Reads Cache-Control, all its lines joined by commas. What is said twice counts as its stricter reading, and a duration that is
 * no number as 0, so that what is unclear makes a response stale and never fresh (RFC 9111 4.2.1).
 */
export function parseCacheControl(value: string | undefined): CacheDirectives {
  if (value === undefined) return NO_DIRECTIVES
  const found = known.get(value)
  if (found !== undefined) return found
  const directives = read(value)
  if (known.size >= KNOWN_LIMIT) known.clear()
  known.set(value, directives)
  return directives
}

function read(value: string): CacheDirectives {
  const directives: CacheDirectives = { ...NO_DIRECTIVES }
  const scanner = new FieldScanner(value)
  const lastQuote = value.lastIndexOf('"')
  for (scanner.skipToMember(); !scanner.done; scanner.skipToMember()) {
    const name = scanner.token().toLowerCase()
    const start = scanner.at
    let argument: string | undefined
    if (scanner.take('=')) {
      argument = scanner.value() ?? BROKEN
      if (argument === BROKEN && value[start + 1] === '"') {
        // What a quoted string without an end holds may be meant: it is read, and makes nothing fresh.
        expire(directives)
        scanner.at = start + 2
      }
    }
    scanner.skipBlanks()
    if (!scanner.done && value[scanner.at] !== ',') {
      // Something else stands behind it: the name counts, and what was meant as its value does not.
      argument = BROKEN
      if (lastQuote >= start) expire(directives)
      const comma = value.indexOf(',', scanner.at)
      scanner.at = comma < 0 ? value.length : comma
    }
    apply(directives, name, argument)
  }
  return directives
}

/** Stands for an argument that is none. No argument can be it, as it holds a control character. */
const BROKEN = '\0'

/** Whatever else it says, it is not fresh. */
function expire(directives: CacheDirectives): void {
  directives.maxAge = 0
  directives.sMaxAge = 0
}

function apply(directives: CacheDirectives, name: string, argument: string | undefined): void {
  const flag = FLAGS.get(name)
  if (flag !== undefined) directives[flag] = true
  else if (name === 'no-cache' || name === 'private') {
    const names = argument === undefined || argument === BROKEN ? [] : listMembers(argument.toLowerCase())
    restrict(directives, name, names)
  } else {
    const delta = DELTAS.get(name)
    if (delta === undefined) return
    // max-stale alone is satisfied by any staleness (RFC 9111 5.2.1.2).
    if (delta === 'maxStale' && argument === undefined) tighten(directives, delta, Infinity)
    else tighten(directives, delta, parseDelta(argument) ?? (delta === 'minFresh' ? LARGEST_DELTA : 0))
  }
}

/** Without names it holds for the whole response, whatever names were given before. */
function restrict(
  directives: CacheDirectives,
  name: 'no-cache' | 'private',
  fields: readonly string[],
): void {
  if (name === 'no-cache') {
    if (fields.length === 0) directives.noCache = true
    directives.noCacheFields = joined(directives.noCacheFields, fields)
  } else {
    if (fields.length === 0) directives.private = true
    directives.privateFields = joined(directives.privateFields, fields)
  }
}

/** @param before of these directives alone, where it is not empty: it grows, as a copy at each directive would take the square of them */
function joined(before: readonly string[], fields: readonly string[]): readonly string[] {
  if (before.length === 0) return [...fields]
  for (const field of fields) (before as string[]).push(field)
  return before
}

function tighten(directives: CacheDirectives, delta: Delta, seconds: number): void {
  const before = directives[delta]
  if (before === undefined) directives[delta] = seconds
  else directives[delta] = delta === 'minFresh' ? Math.max(before, seconds) : Math.min(before, seconds)
}

/** delta-seconds (RFC 9111 1.2.2); undefined if it is no whole number from 0. */
export function parseDelta(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Math.min(Number(text), LARGEST_DELTA) : undefined
}

/**
 * Reads a targeted field, as CDN-Cache-Control (RFC 9213 2.1): a Dictionary, whose parameters mean nothing.
 * @returns undefined where it is empty or malformed: then it is as good as not there
 */
export function parseTargetedControl(value: string): CacheDirectives | undefined {
  const dictionary = parseDictionary(value)
  if (dictionary === undefined || dictionary.size === 0) return undefined
  const directives: CacheDirectives = { ...NO_DIRECTIVES }
  for (const [name, member] of dictionary) if ('bare' in member) applyTargeted(directives, name, member.bare)
  return directives
}

/** A value of a type that the directive does not have is passed over. */
function applyTargeted(directives: CacheDirectives, name: string, bare: BareItem): void {
  const flag = FLAGS.get(name)
  const delta = DELTAS.get(name)
  if (flag !== undefined) directives[flag] = bare.type === 'boolean' && bare.value
  else if (delta !== undefined) {
    if (bare.type === 'integer' && bare.value >= 0) directives[delta] = Math.min(bare.value, LARGEST_DELTA)
  } else if (name === 'no-cache' || name === 'private') {
    if (bare.type === 'string') restrict(directives, name, listMembers(bare.value.toLowerCase()))
    else if (bare.type === 'boolean' && bare.value) restrict(directives, name, [])
  }
}
