import { WaitingLine } from '@headgate/core'
import type { Entity } from '../../port/entity.ts'
import { resource, type Resource } from '../../port/resource.ts'
import { Arrivals } from '../arrivals.ts'
import type { HttpRequest } from '../components/http-request.ts'
import { Deadlines } from '../deadlines.ts'
import { Pending } from '../pending.ts'

/** How many classes of priority there are. */
const CLASSES = 3

/** All requests that have not ended, and where they stand. What a system of one's own works with. */
export class RequestLedger {
  /** Requests that the client has. */
  inFlight = 0
  /** Added since the last tick. */
  readonly fresh: WaitingLine<Pending>
  /** They wait for a slot. */
  readonly waiting: WaitingLine<Pending>
  /** They have their token, and are started before those that wait. */
  readonly admitted: WaitingLine<Pending>
  readonly deadlines: Deadlines = new Deadlines()
  readonly arrivals: Arrivals = new Arrivals()
  /** Those whose content comes in chunks, by id. */
  streams: readonly Pending[] = []
  /**
   * All of them, in slots that are used again: a Map makes a table anew every few requests, and one that has grown old keeps what it has held
   * from the collector of short-lived objects.
   */
  private readonly slots: (Pending | undefined)[] = []
  private readonly free: number[] = []
  private lastId = 0

  /** @param ageing how much later in the line, in milliseconds, each class of priority down stands */
  constructor(ageing: number) {
    this.fresh = new WaitingLine(CLASSES, 0)
    this.waiting = new WaitingLine(CLASSES, ageing)
    this.admitted = new WaitingLine(CLASSES, ageing)
  }

  /** How many have not ended. */
  get size(): number {
    return this.slots.length - this.free.length
  }

  /** How many wait, for whatever. */
  get queued(): number {
    return this.size - this.inFlight
  }

  /** What is known of a request; undefined if it has ended. */
  of(request: HttpRequest): Pending | undefined {
    return this.slots[request.slot]
  }

  /** A request has come. */
  add(entity: Entity, request: HttpRequest): Pending {
    const pending = new Pending(++this.lastId, entity, request)
    request.id = pending.id
    request.slot = this.free.pop() ?? this.slots.length
    this.slots[request.slot] = pending
    this.stand(pending, this.fresh)
    return pending
  }

  /** Has it wait at the end of a line. */
  stand(pending: Pending, line: WaitingLine<Pending>): void {
    pending.line = line
    line.add(pending)
  }

  /** Takes the one out of a line whose turn it is. */
  shift(line: WaitingLine<Pending>): Pending | undefined {
    const pending = line.shift()
    if (pending !== undefined) pending.line = undefined
    return pending
  }

  /** It has ended: it stands nowhere any more. */
  remove(pending: Pending): void {
    pending.line?.remove(pending)
    pending.line = undefined
    this.deadlines.remove(pending)
    const { request } = pending
    this.slots[request.slot] = undefined
    this.free.push(request.slot)
    request.slot = -1
    if (pending.flight?.feed !== undefined) this.streams = this.streams.filter((each) => each !== pending)
  }

  /** In the order of their ids. */
  [Symbol.iterator](): Iterator<Pending> {
    return this.slots
      .filter((pending) => pending !== undefined)
      .sort((one, other) => one.id - other.id)
      .values()
  }
}

/** What the resource `HttpRequests` is. */
export type HttpRequests = RequestLedger

export const HttpRequests: Resource<HttpRequests> = resource<HttpRequests>('HttpRequests')
