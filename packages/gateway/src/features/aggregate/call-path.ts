import type { Exchange } from '@headgate/core'
import type { GeoLookup } from '../geo/geo-place.ts'
import { Template } from '../templates/template.ts'
import { urlText } from '../templates/url-template.ts'
import { valueIn } from '../transform/json-changes.ts'
import type { JsonNode } from '../transform/json-tree.ts'

/** What earlier calls have brought, by their names. */
export type Brought = ReadonlyMap<string, JsonNode>

/** `{order/customer/id}`: what stands at a place of what an earlier call has brought. */
const REFERENCE = /\{([A-Za-z0-9][A-Za-z0-9_.-]*)((?:\/[^/{}]+)+)\}/g

/** The names of the calls whose answers a path needs, in its order. */
export function neededCalls(path: string): string[] {
  return [...path.replaceAll(/\$\{[^}]*\}/g, '').matchAll(REFERENCE)].map(([, name = '']) => name)
}

/** A path with its query, as a template of the request and of what earlier calls have brought. */
export class CallPath {
  private readonly parts: readonly (Template | Reference)[]

  constructor(written: string, geo?: GeoLookup) {
    this.parts = partsOf(written).map((part) => (typeof part === 'string' ? new Template(part, geo) : part))
  }

  /** @throws TypeError if an earlier call has brought nothing there that could stand in a path */
  expand(exchange: Exchange, brought: Brought): string {
    return this.parts
      .map((part) => (part instanceof Template ? part.expand(exchange, urlText) : referredTo(part, brought)))
      .join('')
  }
}

interface Reference {
  readonly name: string
  readonly pointer: string
}

function partsOf(written: string): (string | Reference)[] {
  const parts: (string | Reference)[] = []
  let end = 0
  for (const match of written.matchAll(/\$\{[^}]*\}|\{([A-Za-z0-9][A-Za-z0-9_.-]*)((?:\/[^/{}]+)+)\}/g)) {
    const [whole, name, pointer] = match
    if (name === undefined || pointer === undefined) continue
    if (match.index > end) parts.push(written.slice(end, match.index))
    parts.push({ name, pointer })
    end = match.index + whole.length
  }
  if (end < written.length) parts.push(written.slice(end))
  return parts
}

/** Escaped: what a service has answered chooses no other path. */
function referredTo({ name, pointer }: Reference, brought: Brought): string {
  const node = brought.get(name)
  const found = node && valueIn(node, pointer)
  if (found?.kind !== 'literal' || found.text === 'null')
    throw new TypeError(`the call ${name} has brought no text and no number at ${pointer}`)
  const text = found.text.startsWith('"') ? (JSON.parse(found.text) as string) : found.text
  // Neither is a segment that leads to itself.
  if (text === '' || text === '.' || text === '..')
    throw new TypeError(`what the call ${name} has brought at ${pointer} is no part of a path`)
  return encodeURIComponent(text.toWellFormed())
}
