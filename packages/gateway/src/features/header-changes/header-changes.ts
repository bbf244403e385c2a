import { ALL_WAYS, type ExchangeRow, type Route } from '../layer.ts'
import { type Exchange, fieldValue, type HeaderList, type HttpResponse, type Policy } from '@headgate/core'
import { keyed, list } from '../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../settings/schema/section.ts'
import { value } from '../../settings/schema/setting.ts'
import { changedField } from '../../settings/values/request-field.ts'
import { type GeoLookup, knowNothing } from '../geo/geo-place.ts'
import { removeLookAlikes } from './look-alikes.ts'
import { mergeHeaderChanges } from './merge.ts'
import { fieldTemplate, type FieldTemplate } from '../templates/field-template.ts'
import { fieldProblem, valueTemplate } from '../templates/kinds.ts'

/** Where the field leads clients somewhere, no request may choose the host. */
export function changedFields(about: string) {
  return keyed(changedField, value(valueTemplate), fieldProblem).prefault(nothing).describe(about)
}

export const headerChangesSetting = section('HeaderChangesInput', () => ({
  set: changedFields(
    'Fields to replace or add, with their values, which may hold variables such as ${client.address}.',
  ),
  add: changedFields(
    'Fields to add beside those that are there, with their values, which may hold variables.',
  ),
  remove: list(value(changedField)).prefault([]).describe('Names of fields to remove.'),
}))

/** Names in lower case; values are templates. */
export type HeaderChangesConfig = Read<typeof headerChangesSetting>

export interface WithGeo {
  readonly geo?: GeoLookup | undefined
}

export const responseHeadersLayer: ExchangeRow<
  { readonly route: Route<'responseHeaders', HeaderChangesConfig> },
  WithGeo
> = {
  name: 'responseHeaders',
  once: 'exchange',
  ways: ALL_WAYS,
  about: 'changes the fields of all responses, refusals as well',
  merge: mergeHeaderChanges,
  build: ({ route }, { geo }) => route.responseHeaders && responseHeaders(route.responseHeaders, geo),
  tells: ({ route }) => route.responseHeaders,
}

export const requestHeadersLayer: ExchangeRow<
  { readonly route: Route<'requestHeaders', HeaderChangesConfig> },
  WithGeo
> = {
  name: 'requestHeaders',
  once: 'exchange',
  about: 'changes the fields of the request',
  towardsUpstream: 'only',
  merge: mergeHeaderChanges,
  build: ({ route }, { geo }) => route.requestHeaders && requestHeaders(route.requestHeaders, geo),
  tells: ({ route }) => route.requestHeaders,
}

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
function requestHeaders(config: HeaderChangesConfig, geo?: GeoLookup): Policy {
  const changesFor = headerChanges(config, geo)
  const names = new Set(Object.keys(config.set))
  return (next) =>
    function requestHeaders(exchange) {
      removeLookAlikes(exchange.request.headers, names)
      applyHeaderChanges(exchange.request.headers, changesFor(exchange))
      return next(exchange)
    }
}

/** Changes the fields that the client sees, of every answer: in front of whatever answers in the upstream's place. */
function responseHeaders(config: HeaderChangesConfig, geo?: GeoLookup): Policy {
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
