import type { Counter, Gauge, MetricRegistry } from '@headgate/core'
import type { Route } from '../layer.ts'
import { metric } from '../../metrics/metric.ts'
import { Kept } from '../../kept.ts'
import { Shared, type SharedKind } from '../../shared.ts'
import type { SplitConfig, SplitUpstreamConfig } from './setting.ts'

/**
 * The weights of a split, which may be changed while it serves. They lie in memory that threads may share: one of them writes,
 * and the others see it with their next request, without a message. All zero, as memory is at first, means: as configured.
 *
 * Slot 0 is the version, and then come two sets of weights, of which the version's last bit says which one counts. So all
 * weights change at once: were they written where they are read, a switch would show a moment in which all are 0.
 */
export class SplitWeights {
  /** Of the upstreams, in the order of the configuration. */
  readonly names: readonly string[]
  readonly configured: readonly number[]
  private slots: Int32Array<SharedArrayBuffer>

  /**
   * @param memory of another thread's; by default its own
   * @throws TypeError if the memory is made for another number of upstreams
   */
  constructor(
    upstreams: readonly SplitUpstreamConfig[],
    memory: SharedArrayBuffer = new SharedArrayBuffer(memorySize(upstreams.length)),
  ) {
    this.names = upstreams.map(({ upstream }) => upstream)
    this.configured = upstreams.map(({ weight }) => weight)
    this.slots = this.view(memory)
  }

  get memory(): SharedArrayBuffer {
    return this.slots.buffer
  }

  /**
   * Takes other memory: a thread that missed that the split was changed, and changed back, has that of before.
   * @throws TypeError if it is made for another number of upstreams
   */
  attach(memory: SharedArrayBuffer): void {
    this.slots = this.view(memory)
  }

  /** Another number after each change. */
  get version(): number {
    return Atomics.load(this.slots, 0)
  }

  /** Those that count, in the order of the upstreams. */
  get present(): readonly number[] {
    for (;;) {
      const version = this.version
      if (version === 0) return this.configured
      const start = this.start(version)
      const weights = this.names.map((_, index) => Atomics.load(this.slots, start + index))
      // Changed twice meanwhile: it is the set that was just read that was written.
      if (this.version === version) return weights
    }
  }

  /** By the names of the upstreams. */
  get byName(): Readonly<Record<string, number>> {
    const { present } = this
    return Object.fromEntries(this.names.map((name, index) => [name, present[index] ?? 0]))
  }

  get isChanged(): boolean {
    const { present } = this
    return this.configured.some((weight, index) => weight !== present[index])
  }

  /**
   * For one thread alone: others may read meanwhile, but not write.
   * @throws TypeError unless there is a weight for each upstream, and one above 0
   */
  change(weights: readonly number[]): void {
    if (weights.length !== this.names.length || !weights.some((weight) => weight > 0))
      throw new TypeError(`the weights ${weights.join(', ')} are not those of ${this.names.join(', ')}`)
    const next = this.version + 1
    for (const [index, weight] of weights.entries())
      Atomics.store(this.slots, this.start(next) + index, weight)
    // 0 is kept for memory that nobody has written to.
    Atomics.store(this.slots, 0, next | 0 || 2)
  }

  private view(memory: SharedArrayBuffer): Int32Array<SharedArrayBuffer> {
    const { length } = this.names
    if (memory.byteLength !== memorySize(length))
      throw new TypeError(`the memory of ${memory.byteLength} bytes is not made for ${length} upstreams`)
    return new Int32Array(memory)
  }

  private start(version: number): number {
    return 1 + (version & 1) * this.names.length
  }
}

/** In bytes. */
export function memorySize(upstreams: number): number {
  return (1 + 2 * upstreams) * Int32Array.BYTES_PER_ELEMENT
}

const REQUESTS = metric({
  kind: 'counter',
  name: 'headgate_split_requests_total',
  labels: ['route', 'upstream'],
  help: 'Exchanges that the split of the route sent to the upstream.',
})
const WEIGHT = metric({
  kind: 'gauge',
  name: 'headgate_split_weight',
  labels: ['route', 'upstream'],
  help: 'Weight of the upstream in the split of the route, as it is now.',
})

/** What is shown of an upstream in the split of a route. */
export function splitMetrics(
  metrics: MetricRegistry,
  route: string,
  upstream: string,
): { readonly requests: Counter; readonly weight: Gauge } {
  return {
    requests: metrics.get(REQUESTS, { route, upstream }),
    weight: metrics.get(WEIGHT, { route, upstream }),
  }
}

/** For the thread in which weights are changed. */
export function showWeights(metrics: MetricRegistry, splits: CompiledSplits): void {
  for (const [route, { weights }] of splits)
    for (const [upstream, weight] of Object.entries(weights.byName))
      splitMetrics(metrics, route, upstream).weight.set(weight)
}

/** The weights of the routes that split traffic, by the names of the routes. */
export type CompiledSplits = ReadonlyMap<string, CompiledSplit>

export interface CompiledSplit {
  readonly identity: string
  readonly weights: SplitWeights
}

type SplitRoute = Route<'split', SplitConfig>

/** Of the weights of a split. */
const MEMORY: SharedKind<SharedArrayBuffer> = { name: 'split' }

/** All splits of a configuration. One whose setting is the same as before goes on with the weights that it has by now. */
export function compileSplits(
  { routes }: { readonly routes: readonly SplitRoute[] },
  shared: Shared = new Shared(),
  kept: Kept = new Kept(),
): CompiledSplits {
  const splits = new Map<string, CompiledSplit>()
  for (const route of routes) {
    if (route.split === undefined) continue
    const identity = JSON.stringify([route.name, route.split])
    const { upstreams } = route.split
    const memory = shared.get(MEMORY, identity, () => new SharedArrayBuffer(memorySize(upstreams.length)))
    const weights = kept.keep('split', identity, () => new SplitWeights(upstreams, memory))
    // A thread that missed that the split was changed, and changed back, has that of before.
    weights.attach(memory)
    splits.set(route.name, { identity, weights })
  }
  return splits
}

/** Of a split: its own setting, and whose it is. */
export function splitIdentity({ name, split }: SplitRoute): string {
  return JSON.stringify([name, split])
}

/** As the configuration bounds them. */
export const MOST_WEIGHT = 10_000

/** What a switch gives the one upstream that gets everything. */
const ALL = 100

/** New weights for a split, in the order of its upstreams, or what is wrong with them. Upstreams that are not named keep theirs. */
export function changedWeights(weights: SplitWeights, wanted: unknown): readonly number[] | string {
  const { names, present } = weights
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) {
    return `weights must be given by upstream, as {"${names[0]}": 50}; the split has ${names.join(', ')}`
  }
  const next = [...present]
  const entries = Object.entries(wanted)
  if (entries.length === 0) return `no weight is given; the split has ${names.join(', ')}`
  for (const [name, weight] of entries) {
    const index = names.indexOf(name)
    if (index === -1) return unknown(name, names)
    if (typeof weight !== 'number' || !Number.isInteger(weight) || weight < 0 || weight > MOST_WEIGHT) {
      const shown = JSON.stringify(weight) ?? 'nothing'
      return `the weight of ${name} must be a whole number from 0 to ${MOST_WEIGHT}, and ${shown} is none`
    }
    next[index] = weight
  }
  if (next.every((weight) => weight === 0)) return 'every weight would be 0, so no request could go anywhere'
  return next
}

/** Weights that send everything to one upstream, or what is wrong with its name. */
export function switchedTo(weights: SplitWeights, to: unknown): readonly number[] | string {
  const { names } = weights
  if (typeof to !== 'string') return `"to" must name one of the upstreams: ${names.join(', ')}`
  if (!names.includes(to)) return unknown(to, names)
  return names.map((name) => (name === to ? ALL : 0))
}

function unknown(name: string, names: readonly string[]): string {
  return `${JSON.stringify(name)} is no upstream of the split, which has ${names.join(', ')}`
}
