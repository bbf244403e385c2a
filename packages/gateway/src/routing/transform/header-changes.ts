import { type Exchange, fieldValue, type HeaderList, type HttpResponse, type Policy } from '@headgate/core'
import type { HeaderChangesConfig } from '../../config/schema/traffic-schema.ts'
import { type GeoLookup, knowNothing } from '../geo/geo-place.ts'
import { type FieldTemplate, fieldTemplate } from './field-template.ts'

/** What is done to the fields of a message, with all values known. */
export interface HeaderChanges {
  readonly set: readonly HeaderChange[]
  readonly add: readonly HeaderChange[]
  readonly remove: readonly string[]
}

interface HeaderChange {
  readonly name: string
  readonly value: string
}

/** First what is removed, then what is replaced, then what is added: who reads the configuration reads it in that order. */
export function applyHeaderChanges(headers: HeaderList, { set, add, remove }: HeaderChanges): void {
  for (const name of remove) headers.delete(name)
  // `set` and `append` refuse what no field may hold: nothing built from data is written unchecked.
  for (const { name, value } of set) headers.set(name, value)
  for (const { name, value } of add) headers.append(name, value)
}

/** Makes the changes for an exchange; the same ones again and again where no value has a variable. */
export function headerChanges(
  config: HeaderChangesConfig,
  geo: GeoLookup = knowNothing,
): (exchange: Exchange) => HeaderChanges {
  const set = templates(config.set, geo)
  const add = templates(config.add, geo)
  const { remove } = config
  const fixed = [...set, ...add].every(({ template }) => template.isFixed)
  const make = (exchange: Exchange): HeaderChanges => {
    const known = ({ name, template }: NamedTemplate) => ({
      name,
      value: fieldValue(template.expand(exchange)),
    })
    return { set: set.map(known), add: add.map(known), remove }
  }
  if (!fixed) return make
  const changes: HeaderChanges = { set: named(config.set), add: named(config.add), remove }
  return () => changes
}

interface NamedTemplate {
  readonly name: string
  readonly template: FieldTemplate
}

function named(values: Readonly<Record<string, string>>): HeaderChange[] {
  return Object.entries(values).map(([name, value]) => ({ name, value: fieldValue(value) }))
}

function templates(values: Readonly<Record<string, string>>, geo: GeoLookup): NamedTemplate[] {
  return Object.entries(values).map(([name, value]) => ({ name, template: fieldTemplate(name, value, geo) }))
}

/** Changes the fields that the upstream sees. Behind forwarding: what is set here, nobody can have removed. */
export function requestHeaders(config: HeaderChangesConfig, geo?: GeoLookup): Policy {
  const changesFor = headerChanges(config, geo)
  return (next) =>
    function requestHeaders(exchange) {
      applyHeaderChanges(exchange.request.headers, changesFor(exchange))
      return next(exchange)
    }
}

/** Changes the fields that the client sees, of every answer: in front of whatever answers in the upstream's place. */
export function responseHeaders(config: HeaderChangesConfig, geo?: GeoLookup): Policy {
  const changesFor = headerChanges(config, geo)
  return (next) =>
    function responseHeaders(exchange) {
      // Now: further in, the request is rewritten.
      const changes = changesFor(exchange)
      return next(exchange).then((response: HttpResponse) => {
        applyHeaderChanges(response.headers, changes)
        return response
      })
    }
}
