import type { Exchange } from '@headgate/core'
import type { GeoLookup } from '../geo/geo-place.ts'
import { Template } from '../templates/template.ts'
import { type JsonNode, jsonNode } from './json-tree.ts'

/** A change of a value of JSON, of which one key says what it is. Places are JSON Pointers (RFC 6901). */
export interface JsonChange {
  readonly set?: string | undefined
  readonly value?: unknown
  readonly text?: string | undefined
  readonly remove?: string | undefined
  readonly rename?: string | undefined
  readonly move?: string | undefined
  readonly copy?: string | undefined
  readonly to?: string | undefined
  readonly pick?: readonly string[] | undefined
  readonly wrap?: string | undefined
  readonly unwrap?: string | undefined
}

/** Changes a value for an exchange. */
export type ChangeJson = (node: JsonNode, exchange: Exchange) => JsonNode

/** All changes, one after the other. A place that is not there is left alone: there is nothing to change. */
export function jsonChanges(changes: readonly JsonChange[], geo?: GeoLookup): ChangeJson {
  const steps = changes.map((change) => jsonChange(change, geo))
  return (node, exchange) => steps.reduce((changed, step) => step(changed, exchange), node)
}

function jsonChange(change: JsonChange, geo: GeoLookup | undefined): ChangeJson {
  const { set, value, text, remove, rename, move, copy, to = '', pick, wrap, unwrap } = change
  if (set !== undefined) {
    const place = keysOf(set)
    if (text === undefined) return (node) => setAt(node, place, jsonNode(value))
    const template = new Template(text, geo)
    return (node, exchange) => setAt(node, place, jsonNode(template.expand(exchange)))
  }
  if (remove !== undefined) return (node) => removeAt(node, keysOf(remove))
  if (rename !== undefined) return (node) => renameAt(node, keysOf(rename), to)
  if (move !== undefined) return (node) => moveTo(node, keysOf(move), keysOf(to))
  if (copy !== undefined) return (node) => copyTo(node, keysOf(copy), keysOf(to))
  if (pick !== undefined) return (node) => picked(node, pick.map(keysOf))
  if (wrap !== undefined) return (node) => ({ kind: 'object', members: new Map([[wrap, node]]) })
  if (unwrap !== undefined) return (node) => at(node, keysOf(unwrap)) ?? node
  throw new TypeError('a change of JSON changes nothing')
}

type Keys = readonly string[]

function keysOf(pointer: string): Keys {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** What stands at a place; undefined if nothing does. */
export function valueIn(node: JsonNode, pointer: string): JsonNode | undefined {
  return at(node, keysOf(pointer))
}

function at(node: JsonNode, keys: Keys): JsonNode | undefined {
  let found: JsonNode | undefined = node
  for (const key of keys) found = found && child(found, key)
  return found
}

function child(node: JsonNode, key: string): JsonNode | undefined {
  if (node.kind === 'object') return node.members.get(key)
  return node.kind === 'list' ? node.items[indexOf(key, node.items.length)] : undefined
}

/** Where in a list: `-` is behind its end (RFC 6901 4). */
function indexOf(key: string, length: number): number {
  if (key === '-') return length
  return /^(?:0|[1-9]\d{0,9})$/.test(key) ? Number(key) : -1
}

/** Objects on the way that are not there are made. What stands in a text or a number is nowhere: that is left as it is. */
function setAt(node: JsonNode, keys: Keys, value: JsonNode): JsonNode {
  const [last] = keys.slice(-1)
  if (last === undefined) return value
  let parent = node
  for (const key of keys.slice(0, -1)) {
    const next = child(parent, key)
    if (next !== undefined) parent = next
    else {
      const made: JsonNode = { kind: 'object', members: new Map() }
      if (!put(parent, key, made)) return node
      parent = made
    }
  }
  put(parent, last, value)
  return node
}

function put(parent: JsonNode, key: string, value: JsonNode): boolean {
  if (parent.kind === 'object') {
    parent.members.set(key, value)
    return true
  }
  if (parent.kind !== 'list') return false
  const index = indexOf(key, parent.items.length)
  if (index < 0 || index > parent.items.length) return false
  parent.items[index] = value
  return true
}

function removeAt(node: JsonNode, keys: Keys): JsonNode {
  const [last] = keys.slice(-1)
  const parent = at(node, keys.slice(0, -1))
  if (last === undefined || parent === undefined) return node
  if (parent.kind === 'object') parent.members.delete(last)
  else if (parent.kind === 'list') {
    const index = indexOf(last, parent.items.length)
    if (index >= 0) parent.items.splice(index, 1)
  }
  return node
}

/** The member keeps its place among the others. One that has the new name already gives way. */
function renameAt(node: JsonNode, keys: Keys, name: string): JsonNode {
  const [last] = keys.slice(-1)
  const parent = at(node, keys.slice(0, -1))
  if (last === undefined || parent?.kind !== 'object' || !parent.members.has(last) || last === name)
    return node
  const renamed = [...parent.members]
    .filter(([key]) => key !== name)
    .map(([key, value]): [string, JsonNode] => [key === last ? name : key, value])
  parent.members.clear()
  for (const [key, value] of renamed) parent.members.set(key, value)
  return node
}

function moveTo(node: JsonNode, from: Keys, to: Keys): JsonNode {
  const value = at(node, from)
  // Nothing can be moved into itself.
  if (value === undefined || from.every((key, index) => to[index] === key)) return node
  removeAt(node, from)
  return setAt(node, to, value)
}

function copyTo(node: JsonNode, from: Keys, to: Keys): JsonNode {
  const value = at(node, from)
  return value === undefined ? node : setAt(node, to, structuredClone(value))
}

/** An object of these places alone, where they were; a list of such objects for a list. */
function picked(node: JsonNode, places: readonly Keys[]): JsonNode {
  if (node.kind === 'list') return { kind: 'list', items: node.items.map((item) => picked(item, places)) }
  const made: JsonNode = { kind: 'object', members: new Map() }
  for (const keys of places) {
    const value = at(node, keys)
    if (value !== undefined) setAt(made, keys, value)
  }
  return made
}
