import { joined, lengthOf, nameOf, type Type } from './types.ts'

/** What a function is called with, and what its caller wants to know of the call. */
export interface Call {
  /** Of the value that it is called on, if there is one, and of the others. */
  readonly types: readonly Type[]
  /** Ends the check: the values are not what the function takes. */
  readonly refuse: (what: string) => never
  /** So many values are looked at. */
  readonly takes: (steps: number) => void
  /** The letters of a value are looked through. */
  readonly looksThrough: (type: Type) => void
}

const BOOL: Type = { kind: 'bool' }
const NUMBER: Type = { kind: 'number' }

function is(type: Type | undefined, ...kinds: readonly Type['kind'][]): boolean {
  return type !== undefined && (type.kind === 'any' || kinds.includes(type.kind))
}

function all(types: readonly Type[], count: number, kind: Type['kind']): boolean {
  return types.length === count && types.every((type) => is(type, kind))
}

function isText({ types, refuse, looksThrough }: Call): Type {
  if (!all(types, 2, 'text')) refuse('looks for a text in a text')
  looksThrough(types[0] ?? BOOL)
  return BOOL
}

function truth({ types, refuse }: Call): Type {
  return types.every((type) => is(type, 'bool')) ? BOOL : refuse('joins what is true or false')
}

function number({ types, refuse }: Call): Type {
  return types.every((type) => is(type, 'number')) ? NUMBER : refuse('reckons with numbers')
}

function equality({ types: [one = BOOL, two = BOOL], refuse, looksThrough }: Call): Type {
  if (one.kind === 'parts' || joined(one, two) === undefined) refuse('compares values of one kind')
  looksThrough(lengthOf(one) < lengthOf(two) ? one : two)
  return BOOL
}

function order({ types: [one = BOOL, two = BOOL], refuse, looksThrough }: Call): Type {
  if (!is(one, 'number', 'text') || joined(one, two) === undefined)
    refuse('compares two numbers or two texts')
  looksThrough(one)
  return BOOL
}

function conversion({ types, refuse, looksThrough }: Call): Type {
  const [one = BOOL] = types
  if (types.length !== 1 || !is(one, 'number', 'text', 'bool')) refuse('makes a number or a text of another')
  looksThrough(one)
  return NUMBER
}

function sum({ types: [one = BOOL, two = BOOL], refuse, looksThrough }: Call): Type {
  looksThrough(one)
  looksThrough(two)
  const both = joined(one, two)
  if (both?.kind === 'text') return { kind: 'text', length: lengthOf(one) + lengthOf(two) }
  if (both?.kind === 'number') return NUMBER
  if (one.kind === 'list' && two.kind === 'list' && both?.kind === 'list')
    return { ...both, count: one.count + two.count }
  return refuse('adds two numbers, two texts or two lists')
}

function entry({ types: [one = BOOL, two = BOOL], refuse }: Call): Type {
  if (one.kind === 'list' && is(two, 'number')) return one.element
  if (one.kind === 'map' && is(two, 'text')) return one.value
  if (one.kind === 'any' && is(two, 'number', 'text')) return one
  return refuse('takes an entry of a list by its number, or of a map by its name')
}

function membership({ types: [one = BOOL, two = BOOL], refuse, takes }: Call): Type {
  if (!is(two, 'list', 'map')) refuse('looks into a list or a map')
  if (two.kind !== 'list') return BOOL
  if (joined(one, two.element) === undefined) refuse('looks for an entry of the kind that the list has')
  takes(two.count)
  return BOOL
}

function size({ types, refuse, looksThrough }: Call): Type {
  const [one = BOOL] = types
  if (types.length !== 1 || !is(one, 'text', 'list', 'map')) refuse('counts a text, a list or a map')
  looksThrough(one)
  return NUMBER
}

function choice({ types: [test = BOOL, one = BOOL, two = BOOL], refuse }: Call): Type {
  if (!is(test, 'bool')) refuse('chooses by what is true or false')
  return joined(one, two) ?? refuse('chooses between values of two kinds')
}

function text(call: Call): Type {
  conversion(call)
  return { kind: 'text', length: Math.max(32, lengthOf(call.types[0] ?? BOOL)) }
}

/** Those that expressions may call, by the names that the parser gives them. */
export const FUNCTIONS: ReadonlyMap<string, (call: Call) => Type> = new Map([
  ['_&&_', truth],
  ['_||_', truth],
  ['!_', truth],
  ['@not_strictly_false', truth],
  ['_==_', equality],
  ['_!=_', equality],
  ['_<_', order],
  ['_<=_', order],
  ['_>_', order],
  ['_>=_', order],
  ['_?_:_', choice],
  ['@in', membership],
  ['_[_]', entry],
  ['_+_', sum],
  ['_-_', number],
  ['_*_', number],
  ['_/_', number],
  ['_%_', number],
  ['-_', number],
  ['size', size],
  ['startsWith', isText],
  ['endsWith', isText],
  ['contains', isText],
  ['matches', isText],
  ['int', conversion],
  ['double', conversion],
  ['string', text],
])

/** Those with names that people write, loops among them. */
export const FUNCTION_NAMES: readonly string[] = [
  ...[...FUNCTIONS.keys()].filter((name) => /^[a-z]/i.test(name)),
  'exists',
  'exists_one',
  'all',
  'map',
  'filter',
  'has',
]

/** Why a call is refused, with what it was called with. */
export function misuse(what: string, types: readonly Type[]): string {
  return `${what}, and has ${types.map(nameOf).join(' and ')}`
}
