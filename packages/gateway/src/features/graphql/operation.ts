import { createHash } from 'node:crypto'
import { type Exchange, ownText } from '@headgate/core'
import {
  type GraphqlDocument,
  MOST_NESTED,
  type OperationDefinition,
  type OperationType,
  readDocument,
  type Selections,
  tooDeep,
} from './document.ts'
import { malformed } from './error-response.ts'
import type { Subject } from '../../routing/conditions.ts'

/**
 * The operation that a request has executed. Fragments are counted each time that they are spread, and what `@skip` and
 * `@include` may leave out is counted too.
 */
export interface GraphqlOperation {
  readonly type: OperationType
  /** Undefined if it has none. */
  readonly name: string | undefined
  /** Names of the fields at the top, each once, in the order of the document. */
  readonly rootFields: ReadonlySet<string>
  /** How many fields stand at the top. */
  readonly rootFieldCount: number
  /** Of the deepest field; those at the top are at 1. */
  readonly depth: number
  readonly fields: number
  readonly aliases: number
  readonly directives: number
  /** Of the whole document. */
  readonly tokens: number
  /** Whether it asks for the schema. */
  readonly introspects: boolean
}

/** No count goes beyond it: fragments that double each other reach any number. */
export const LARGEST_COUNT = 1_000_000_000

/**
 * Reads a document and finds the operation that is meant: the one that is named, else the only one (6.1).
 * @throws GraphqlRefusal if there is none, if it spreads a fragment that is not there, or one that spreads itself
 */
export function readOperation(
  text: string,
  operationName: string | undefined,
  maxTokens: number,
): GraphqlOperation {
  const document = readDocument(text, maxTokens)
  const { type, name, selections } = select(document, operationName)
  const total = new Resolver(document.fragments).resolve(selections)
  return {
    type,
    name,
    rootFields: topOf(selections, document.fragments),
    rootFieldCount: total.topCount,
    depth: total.depth,
    fields: total.fields,
    aliases: total.aliases,
    directives: total.directives,
    tokens: document.tokens,
    introspects: total.introspects,
  }
}

function select({ operations }: GraphqlDocument, wanted: string | undefined): OperationDefinition {
  const [first] = operations
  const found = wanted === undefined ? first : operations.find(({ name }) => name === wanted)
  if (found === undefined) throw malformed('the document holds no operation of the name in operationName')
  if (wanted === undefined && operations.length > 1)
    throw malformed(`the document holds ${operations.length} operations, and operationName is missing`)
  return found
}

/** Selections with all that they spread. */
interface Total {
  depth: number
  fields: number
  aliases: number
  directives: number
  introspects: boolean
  topCount: number
}

/** Each fragment is resolved once, however often it is spread. */
class Resolver {
  private readonly fragments: ReadonlyMap<string, Selections>
  private readonly resolved = new Map<string, Total | 'under way'>()
  private nesting = 0

  constructor(fragments: ReadonlyMap<string, Selections>) {
    this.fragments = fragments
  }

  resolve(selections: Selections): Total {
    const { depth, fields, aliases, directives, introspects, top, spreads } = selections
    const total: Total = { depth, fields, aliases, directives, introspects, topCount: top.length }
    for (const { fragment, level } of spreads) add(total, this.fragment(fragment), level)
    return total
  }

  private fragment(name: string): Total {
    const known = this.resolved.get(name)
    if (known === 'under way') throw malformed('the document holds a fragment that spreads itself')
    if (known !== undefined) return known
    const selections = this.fragments.get(name)
    if (selections === undefined) throw malformed('the document spreads a fragment that it does not define')
    if (++this.nesting > MOST_NESTED) throw tooDeep()
    this.resolved.set(name, 'under way')
    const total = this.resolve(selections)
    this.resolved.set(name, total)
    this.nesting--
    return total
  }
}

function add(total: Total, spread: Total, level: number): void {
  total.depth = Math.max(total.depth, level + spread.depth)
  total.fields = Math.min(total.fields + spread.fields, LARGEST_COUNT)
  total.aliases = Math.min(total.aliases + spread.aliases, LARGEST_COUNT)
  total.directives = Math.min(total.directives + spread.directives, LARGEST_COUNT)
  total.introspects ||= spread.introspects
  if (level === 0) total.topCount = Math.min(total.topCount + spread.topCount, LARGEST_COUNT)
}

/** Looks at each fragment once: to join the sets of those that spread each other would take quadratic time. */
function topOf(selections: Selections, fragments: ReadonlyMap<string, Selections>): Set<string> {
  const names = new Set(selections.top)
  const seen = new Set<string>()
  const pending = [selections]
  for (let each = pending.pop(); each !== undefined; each = pending.pop()) {
    for (const { fragment, level } of each.spreads) {
      if (level > 0 || seen.has(fragment)) continue
      seen.add(fragment)
      const spread = fragments.get(fragment)
      if (spread === undefined) continue
      for (const name of spread.top) names.add(name)
      pending.push(spread)
    }
  }
  return names
}

/** What a GraphQL request was found to be. All that decides about it looks at this, so that there is one reading. */
export interface RequestView {
  /** `none`: it asks for nothing of GraphQL, as a preflight. `persisted`: only the origin knows what for. */
  readonly kind: 'none' | 'persisted' | 'single' | 'batch'
  /** At least one, for `single` and `batch`. */
  readonly operations: readonly GraphqlOperation[]
  /** Bytes of the body, or of the URL's query. */
  readonly size: number
  /** That which a route is sought for: of a batch, one after the other. */
  sought: GraphqlOperation | undefined
}

/** Beside the exchange, since none but routes of GraphQL need it. */
const views = new WeakMap<Subject, RequestView | typeof UNREAD>()
const UNREAD = Symbol('unread')

/** Undefined as long as the request was not read. */
export function viewOf(subject: Subject): RequestView | undefined {
  const view = views.get(subject)
  return view === UNREAD ? undefined : view
}

export function setView(subject: Subject, view: RequestView): void {
  views.set(subject, view)
}

/** For conditions: the operation that they are about. Where the request was not read yet, it is noted that it should be. */
export function soughtOperation(subject: Subject): GraphqlOperation | undefined {
  const view = views.get(subject)
  if (view === undefined) views.set(subject, UNREAD)
  return view === undefined || view === UNREAD ? undefined : view.sought
}

/** Whether a condition would have needed to know the operation. */
export function isUnread(subject: Subject): boolean {
  return views.get(subject) === UNREAD
}

/** By what rate limits tell operations apart. */
export const OPERATION_KEYS = ['graphql-type', 'graphql-operation', 'graphql-root-fields'] as const
export type OperationKey = (typeof OPERATION_KEYS)[number]

/** A limit keeps its keys: none may be as long as a document. */
const LONGEST = 128

/** That of a request, as a function that is made once; of a batch, that of all its operations. */
export function operationKey(kind: OperationKey): (exchange: Exchange) => string {
  const valueOf = VALUES[kind]
  return (exchange) => {
    const operations = viewOf(exchange)?.operations ?? []
    const key = operations.map(valueOf).join(' ')
    // A limit keeps its keys, and not the documents that they are of. Names are ASCII.
    return key.length > LONGEST ? createHash('sha256').update(key).digest('base64') : ownText(key)
  }
}

const VALUES: Readonly<Record<OperationKey, (operation: GraphqlOperation) => string>> = {
  'graphql-type': ({ type }) => type,
  'graphql-operation': ({ name }) => name ?? '',
  // Their order is the client's choice.
  'graphql-root-fields': ({ rootFields }) => [...rootFields].sort().join(','),
}

/** How many fields it asks for; one, if it has no operation that is known. */
export function fieldCount(exchange: Exchange): number {
  const { operations = [] } = viewOf(exchange) ?? {}
  return Math.max(
    1,
    operations.reduce((sum, { fields }) => sum + fields, 0),
  )
}

/** How many requests a request counts as: those of a batch would otherwise cost one. */
export function operationCount(exchange: Exchange): number {
  return Math.max(1, viewOf(exchange)?.operations.length ?? 1)
}
