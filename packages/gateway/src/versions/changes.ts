import type { GatewayConfig } from '../config/schema/schema.ts'
import type { UpstreamConfig } from '../config/schema/upstream-schema.ts'
import { resolveUpstreams } from '../config/upstreams.ts'
import { formatAddress } from '../settings/values/address.ts'
import { sourceName } from '../discovery/source-setting.ts'
import {
  certificatesIdentity,
  endpointsIdentity,
  type FileDigests,
  routeIdentity,
  upstreamIdentity,
} from '../identity.ts'
import { splitIdentity } from '../features/split/split-weights.ts'

/** What became of the parts of one kind, by their names. */
export interface PartChanges {
  /** How many go on as they are, with their state. */
  readonly kept: number
  /** Those whose own part is another, and which start afresh; listeners follow, and keep their connections. */
  readonly changed: readonly string[]
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** What becomes of the endpoints of an upstream that goes on, as they are configured. */
export interface EndpointChanges {
  readonly upstream: string
  readonly kept: number
  /** Those with another weight, priority or zone. */
  readonly changed: readonly string[]
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** What a reload changes. */
export interface Changes {
  readonly listeners: PartChanges
  readonly upstreams: PartChanges
  /** Of upstreams that are kept, and have other endpoints. */
  readonly endpoints: readonly EndpointChanges[]
  readonly routes: PartChanges
  /** Of routes: those that are changed, or new, have the weights of the configuration. */
  readonly splits: PartChanges
  /** Other settings that are different, as `timeouts.connect`. */
  readonly settings: readonly string[]
  /** Those among them that only a start reads: until then they stay as they were. */
  readonly restart: readonly string[]
}

/** A configuration, and what is in the files that it names. */
export interface Facts {
  readonly config: GatewayConfig
  readonly files: FileDigests
}

export function changesBetween(before: Facts, after: Facts): Changes {
  const settings = changedSettings(before.config, after.config)
  return {
    listeners: compare(listenersOf(before), listenersOf(after)),
    upstreams: compare(upstreamsOf(before), upstreamsOf(after)),
    endpoints: endpointChanges(before, after),
    routes: compare(routesOf(before), routesOf(after)),
    splits: compare(splitsOf(before), splitsOf(after)),
    settings,
    restart: settings.filter(needsRestart),
  }
}

/** What can be put in force now: the settings that only a start reads stay as they are. */
export function withoutRestart(wanted: GatewayConfig, current: GatewayConfig): GatewayConfig {
  const { workers, admin, accessLog, versions, reload, timeouts, tls } = current
  const { workerStall } = timeouts
  return {
    ...wanted,
    workers,
    admin,
    accessLog,
    versions,
    reload,
    tls: { ...wanted.tls, storage: tls.storage },
    timeouts: { ...wanted.timeouts, workerStall },
  }
}

const RESTART = ['workers', 'admin', 'accessLog', 'versions', 'reload', 'timeouts.workerStall', 'tls.storage']

function needsRestart(setting: string): boolean {
  return RESTART.some((each) => setting === each || setting.startsWith(`${each}.`))
}

function listenersOf({ config, files }: Facts): Map<string, string> {
  const places = config.listeners.map((listener): [string, string] => [
    // What turns from plain to TLS is another listener on the same address.
    `${formatAddress(listener.address)}${listener.tls === undefined ? '' : ' (tls)'}`,
    `${listener.maxConnections} ${certificatesIdentity(listener, files)}`,
  ])
  // Several may leave their port to the system.
  return new Map(
    places.map(([place, identity], index) => [place.includes(':0') ? `${place} #${index}` : place, identity]),
  )
}

function upstreamsOf({ config, files }: Facts): Map<string, string> {
  return new Map(
    Array.from(resolveUpstreams(config), ([name, upstream]) => [
      name,
      upstreamIdentity(name, upstream, config, files),
    ]),
  )
}

function endpointChanges(before: Facts, after: Facts): EndpointChanges[] {
  const [known, wanted] = [upstreamsOf(before), upstreamsOf(after)]
  const [was, is] = [resolveUpstreams(before.config), resolveUpstreams(after.config)]
  return [...is].flatMap(([upstream, settings]) => {
    const earlier = was.get(upstream)
    if (earlier === undefined || known.get(upstream) !== wanted.get(upstream)) return []
    if (endpointsIdentity(earlier) === endpointsIdentity(settings)) return []
    return [{ upstream, ...compare(endpointsOf(earlier), endpointsOf(settings)) }]
  })
}

/** By what names them; one that is written twice counts twice. */
function endpointsOf({ endpoints }: UpstreamConfig): Map<string, string> {
  const settings = new Map<string, string>()
  for (const endpoint of endpoints) {
    const name = endpoint.url ?? sourceName(endpoint) ?? ''
    settings.set(settings.has(name) ? `${name} #${settings.size}` : name, JSON.stringify(endpoint))
  }
  return settings
}

function routesOf({ config }: Facts): Map<string, string> {
  return new Map(config.routes.map((route) => [route.name, routeIdentity(route)]))
}

function splitsOf({ config }: Facts): Map<string, string> {
  return new Map(
    config.routes.flatMap((route) => (route.split === undefined ? [] : [[route.name, splitIdentity(route)]])),
  )
}

function compare(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): PartChanges {
  const [changed, added]: [string[], string[]] = [[], []]
  for (const [name, identity] of after) {
    const known = before.get(name)
    if (known === undefined) added.push(name)
    else if (known !== identity) changed.push(name)
  }
  const removed = [...before.keys()].filter((name) => !after.has(name))
  return { kept: after.size - changed.length - added.length, changed, added, removed }
}

/** Variables and what routes share are no settings of their own: what they make is compared. */
const PARTS = new Set(['listeners', 'upstreams', 'routes', 'variables', 'shared'])

function changedSettings(before: GatewayConfig, after: GatewayConfig): string[] {
  const changed: string[] = []
  for (const key of Object.keys({ ...before, ...after }) as (keyof GatewayConfig)[]) {
    if (!PARTS.has(key)) changed.push(...differences(before[key], after[key], key, 2))
  }
  return changed
}

/** Where two values differ, down to a depth. */
function differences(before: unknown, after: unknown, path: string, depth: number): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  if (depth === 1 || !isRecord(before) || !isRecord(after)) return [path]
  return Object.keys({ ...before, ...after }).flatMap((key) =>
    differences(before[key], after[key], `${path}.${key}`, depth - 1),
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
