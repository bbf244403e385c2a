/** What is known of a value before there is one: its kind, and how large it can be. */
export type Type =
  | { readonly kind: 'bool' | 'number' | 'null' }
  /** Letters. */
  | { readonly kind: 'text'; readonly length: number }
  | { readonly kind: 'list'; readonly count: number; readonly element: Type }
  /** By names, which are texts. */
  | { readonly kind: 'map'; readonly count: number; readonly value: Type }
  /** Parts with names of their own. */
  | { readonly kind: 'parts'; readonly parts: Readonly<Record<string, Type>> }
  /** Anything that JSON can say: of lists at most so many entries, of texts so many letters. */
  | { readonly kind: 'any' }

/** The largest values that expressions are given; larger ones make them fail. */
export const LARGEST = { text: 8192, name: 256, entries: 100, claim: 1024 } as const

const BOOL: Type = { kind: 'bool' }
const TEXT: Type = { kind: 'text', length: LARGEST.text }
const NAME: Type = { kind: 'text', length: LARGEST.name }
const NAMES: Type = { kind: 'list', count: LARGEST.entries, element: NAME }
const fields = (value: Type): Type => ({ kind: 'map', count: LARGEST.entries, value })

/** All that expressions know. */
export const VARIABLES: Readonly<Record<string, Extract<Type, { kind: 'parts' }>>> = {
  request: {
    kind: 'parts',
    parts: {
      method: NAME,
      scheme: NAME,
      host: NAME,
      path: TEXT,
      query: TEXT,
      headers: fields(TEXT),
      params: fields(TEXT),
    },
  },
  identity: {
    kind: 'parts',
    parts: {
      known: BOOL,
      kind: NAME,
      authenticator: NAME,
      subject: TEXT,
      name: TEXT,
      groups: NAMES,
      scopes: NAMES,
      claims: fields({ kind: 'any' }),
    },
  },
  route: { kind: 'parts', parts: { name: NAME } },
  connection: {
    kind: 'parts',
    parts: {
      client: NAME,
      version: NAME,
      certificate: BOOL,
      certificateName: TEXT,
      certificateSubject: TEXT,
    },
  },
}

export function nameOf(type: Type): string {
  switch (type.kind) {
    case 'bool':
      return 'true or false'
    case 'null':
      return 'null'
    case 'any':
      return 'anything'
    case 'parts':
      return 'a value with parts'
    default:
      return `a ${type.kind}`
  }
}

/** A type that holds the values of both; undefined where they have nothing in common. */
export function joined(one: Type, other: Type): Type | undefined {
  if (one.kind === 'any' || other.kind === 'any') return { kind: 'any' }
  if (one.kind === 'text' && other.kind === 'text')
    return { kind: 'text', length: Math.max(one.length, other.length) }
  if (one.kind === 'list' && other.kind === 'list') {
    // Of nothing, no entry has a kind.
    if (one.count === 0) return other
    if (other.count === 0) return one
    const element = joined(one.element, other.element)
    return element && { kind: 'list', count: Math.max(one.count, other.count), element }
  }
  return one.kind === other.kind ? one : undefined
}

/** How many letters a value has at most, all that is in it together. */
export function lengthOf(type: Type): number {
  switch (type.kind) {
    case 'text':
      return type.length
    case 'list':
      return type.count * lengthOf(type.element)
    case 'map':
      return type.count * lengthOf(type.value)
    case 'any':
      return LARGEST.entries * LARGEST.claim
    default:
      return 8
  }
}
