import type { Exchange, ServerSentEvent } from '@headgate/core'
import type { GeoLookup } from '../geo/geo-place.ts'
import { readJson, Unfit } from '../transform/changed-content.ts'
import { jsonChanges, valueIn } from '../transform/json-changes.ts'
import { jsonText, type JsonNode } from '../transform/json-tree.ts'
import type { EventChanges } from './changes-events.ts'

/**
 * Changes an event for an exchange; undefined: it is left out. Conditions and changes of JSON are for data that is JSON: an event without it fulfils no
 * condition, and passes changes as it is.
 */
export function eventChanges(
  { only, without, where, rename, json }: EventChanges,
  geo: GeoLookup | undefined,
): (event: ServerSentEvent, exchange: Exchange) => ServerSentEvent | undefined {
  const change = jsonChanges(json, geo)
  return (event, exchange) => {
    const { type } = event
    if (only !== undefined && !only.includes(type)) return undefined
    if (without.includes(type)) return undefined
    const name = Object.hasOwn(rename, type) ? (rename[type] ?? type) : type
    if (where.length === 0 && json.length === 0) return name === type ? event : { ...event, type: name }
    const node = jsonOf(event.data)
    const fulfils = where.every(({ at, is }) => node !== undefined && is.includes(wordAt(node, at)))
    if (!fulfils) return undefined
    const data = node === undefined || json.length === 0 ? event.data : jsonText(change(node, exchange))
    return { ...event, type: name, data }
  }
}

function jsonOf(data: string): JsonNode | undefined {
  try {
    return readJson(data)
  } catch (error) {
    if (error instanceof Unfit) return undefined
    throw error
  }
}

/** A text without its quotes, a number or a truth value as it is written. */
function wordAt(node: JsonNode, place: string): string {
  const found = valueIn(node, place)
  if (found?.kind !== 'literal') return ''
  return found.text.startsWith('"') ? (JSON.parse(found.text) as string) : found.text
}
