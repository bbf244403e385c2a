import { own } from '../../message/own-options.ts'
import { EndpointFlags } from './endpoint-flags.ts'
import { type ConnectionOptions, type EndpointOptions, endpointParts, standing } from './endpoint-open.ts'
import { Endpoint, type EndpointParts } from './endpoint.ts'

/** An endpoint as plain data, and the slot of its flags. */
export interface Member extends EndpointOptions {
  readonly slot: number
}

/** What an upstream has in common with itself in other threads: plain data over shared memory, to be sent as it is. */
export interface UpstreamState {
  /** Whose it is: another number for each upstream that its thread ever made. */
  readonly id: number
  readonly memory: readonly SharedArrayBuffer[]
  readonly members: readonly Member[]
  /** How often the members have changed. */
  readonly revision: number
}

/** What became of the endpoints of an upstream, by their names. */
export interface MembershipChange {
  readonly kept: readonly string[]
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** How many there were in this thread. */
let made = 0

/** One of a list that is to be put in force: it is there already, or is made of these parts. */
interface Arrival {
  readonly key: string
  readonly options: EndpointOptions
  readonly known: Endpoint | undefined
  readonly parts: EndpointParts | undefined
}

/**
 * Who belongs to an upstream while it serves. One thread says who does (the owner), the others follow it. An endpoint that
 * stays, as its URL and address tell, keeps its object: pool, sockets, latency, failures, mark and health.
 *
 * Each endpoint has a slot in the shared flags. The slot of one that has left rests until the owner knows that all threads
 * have heard of it, so that nobody takes the flags of one endpoint for those of another.
 */
export class Membership {
  endpoints: readonly Endpoint[] = []
  readonly flags: EndpointFlags
  /** See `UpstreamState.id`. */
  private readonly id: number
  private readonly options: ConnectionOptions
  private readonly isOwner: boolean
  private readonly memory: [SharedArrayBuffer, ...SharedArrayBuffer[]]
  private members: readonly Member[] = []
  private revision = -1
  /** Of all endpoints that there ever were. */
  private count = 0
  private byKey: ReadonlyMap<string, Endpoint> = new Map()
  private readonly leaving = new Set<Endpoint>()
  /** Slots from here on were never used. */
  private unused = 0
  private readonly free: number[] = []
  private readonly resting: number[] = []

  /**
   * @param state of the owner, for those that follow it: then the endpoints are those that it tells
   * @throws TypeError if an endpoint is not valid
   */
  constructor(endpoints: readonly EndpointOptions[], given: ConnectionOptions, state?: UpstreamState) {
    const options = own(given)
    this.options = options
    this.isOwner = state === undefined
    this.id = state?.id ?? ++made
    const [first = EndpointFlags.allocate(endpoints.length), ...others] = state?.memory ?? []
    this.memory = [first, ...others]
    this.flags = new EndpointFlags(this.memory)
    if (state === undefined) this.set(endpoints)
    else this.follow(state)
  }

  get state(): UpstreamState {
    const { id, members, revision } = this
    return { id, memory: [...this.memory], members, revision }
  }

  /**
   * These belong to it from now on.
   * @throws TypeError, with nothing changed, if one of them is not valid, or another thread is the owner
   */
  set(endpoints: readonly EndpointOptions[]): MembershipChange {
    if (!this.isOwner)
      throw new TypeError('endpoints are set in the thread that the upstream has its state from')
    const arrivals = this.look(endpoints)
    const slots = arrivals.map(({ known }) => known?.slot ?? this.takeSlot())
    this.revision++
    return this.put(arrivals, slots, (left) => this.resting.push(left.slot))
  }

  /** As the owner has them; undefined if that is no news. */
  follow({ memory, members, revision }: UpstreamState): MembershipChange | undefined {
    if (revision <= this.revision) return undefined
    this.revision = revision
    this.memory.push(...memory.slice(this.memory.length))
    this.flags.extend(this.memory)
    const slots = members.map(({ slot }) => slot)
    return this.put(this.look(members, slots), slots)
  }

  /** For the owner: all threads have what was set last, so that slots of endpoints that have left may be used again. */
  reclaim(): void {
    this.free.push(...this.resting.splice(0))
  }

  /** Those that have left and still have something to do. */
  finishing(): Endpoint[] {
    for (const endpoint of this.leaving) if (isFinished(endpoint)) this.leaving.delete(endpoint)
    return [...this.leaving]
  }

  /** What of a list is there already; the parts of the others. Changes nothing. */
  private look(endpoints: readonly EndpointOptions[], slots?: readonly number[]): Arrival[] {
    const keys = keysOf(endpoints)
    return endpoints.map((given, index) => {
      const options = own(given)
      const key = keys[index] ?? ''
      const before = this.byKey.get(key)
      // One that left and came back while this thread did not hear of it is another one.
      const known = slots === undefined || before?.slot === slots[index] ? before : undefined
      if (known === undefined) return { key, options, known, parts: endpointParts(options, this.options) }
      standing(options)
      return { key, options, known, parts: undefined }
    })
  }

  private put(
    arrivals: readonly Arrival[],
    slots: readonly number[],
    left: (endpoint: Endpoint) => void = () => {},
  ): MembershipChange {
    const before = new Set(this.endpoints)
    const byKey = new Map<string, Endpoint>()
    const [kept, added]: [string[], string[]] = [[], []]
    for (const [index, { key, options, known, parts }] of arrivals.entries()) {
      known?.configure(standing(options), this.isOwner)
      const endpoint =
        known ?? new Endpoint(parts as EndpointParts, slots[index] ?? 0, this.flags, this.count++) // it is one or the other
      byKey.set(key, endpoint)
      before.delete(endpoint)
      ;(known === undefined ? added : kept).push(endpoint.name)
    }
    this.endpoints = [...byKey.values()]
    this.byKey = byKey
    this.members = arrivals.map(({ options }, index) => ({ ...options, slot: slots[index] ?? 0 }))
    for (const endpoint of before) {
      endpoint.pool.retire()
      this.leaving.add(endpoint)
      left(endpoint)
    }
    this.finishing()
    return { kept, added, removed: Array.from(before, ({ name }) => name) }
  }

  private takeSlot(): number {
    const slot = this.free.pop() ?? this.unused++
    if (slot >= this.flags.slots) {
      this.memory.push(EndpointFlags.furtherPart())
      this.flags.extend(this.memory)
    }
    this.flags.clear(slot)
    return slot
  }
}

/** What makes two endpoints the same; one that is written twice is two. */
function keysOf(endpoints: readonly EndpointOptions[]): string[] {
  const times = new Map<string, number>()
  return endpoints.map((endpoint) => {
    const { url, address = '', socketPath = '' } = own(endpoint)
    const place = `${url} ${address}${socketPath}`
    const count = times.get(place) ?? 0
    times.set(place, count + 1)
    return `${place} ${count}`
  })
}

function isFinished({ pool }: Endpoint): boolean {
  const { active, connecting, pending } = pool.stats()
  return active + connecting + pending === 0
}
