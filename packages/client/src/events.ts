import { type Channel, channel } from 'node:diagnostics_channel'
import { tell } from './listener.ts'
import { type CircuitState, didYouMean, type ErrorCode, type ErrorPhase } from '@headgate/core'
import { shown } from './option-check.ts'

/** What every event of a call tells. */
export interface CallEvent {
  /** The client's name. */
  readonly client: string
  /** Counts the calls of this process. */
  readonly call: number
  readonly method: string
  /** Without its query, which may hold secrets. */
  readonly url: string
}

/** What every event of an attempt tells. */
export interface AttemptEvent extends CallEvent {
  /** From 1. */
  readonly attempt: number
}

/** The life of a call, by the names of what happens in it. Times in milliseconds. */
export interface ClientEvents {
  /** A call begins. */
  submitted: CallEvent
  /** A request is about to be sent, or to wait for a slot. */
  'attempt-started': AttemptEvent
  /** The head of a response is here. */
  'response-received': AttemptEvent & { readonly status: number; readonly duration: number }
  /** An attempt ended without a response. */
  'attempt-failed': AttemptEvent & AttemptFailure & { readonly duration: number }
  /** There will be another attempt, after `delay`. */
  'retry-scheduled': AttemptEvent & AttemptFailure & { readonly delay: number }
  /** One more request was sent, since the first is late. */
  'hedge-sent': AttemptEvent
  /** The rate limit has a call wait, or refuses it. */
  'rate-limited': CallEvent & { readonly wait: number; readonly allowed: boolean }
  /** Given up by the caller, or by the deadline. */
  cancelled: CallEvent & AttemptFailure
  /** However it ended, the last event of a call. */
  finished: CallEvent & {
    readonly status: number | undefined
    readonly code: ErrorCode | undefined
    readonly attempts: number
    readonly duration: number
    /** Bytes of the response's content. */
    readonly bytes: number
  }
  /** A breaker changed its state. */
  'circuit-changed': {
    readonly client: string
    readonly origin: string
    readonly from: CircuitState
    readonly to: CircuitState
  }
}

interface AttemptFailure {
  readonly code: ErrorCode
  readonly phase: ErrorPhase | undefined
  readonly message: string
}

export type ClientEventName = keyof ClientEvents
export type ClientListener<Name extends ClientEventName> = (event: ClientEvents[Name]) => void

/**
 * Tells listeners, and subscribers of `headgate.client.<name>` of node:diagnostics_channel, what happens. An event that nobody
 * listens to is not made.
 */
export class EventSource {
  private readonly listeners = new Map<ClientEventName, Set<(event: never) => void>>()

  /** Whether anybody listens. */
  hears(name: ClientEventName): boolean {
    return channels[name].hasSubscribers || (this.listeners.size > 0 && this.listeners.has(name))
  }

  /** Returns what ends the listening. @throws TypeError for an event that there is not, and for what is no function */
  on<Name extends ClientEventName>(name: Name, listener: ClientListener<Name>): () => void {
    const given: unknown = name
    if (!NAMES.includes(name))
      throw new TypeError(`the event ${shown(given)} is not known: ${didYouMean(String(given), NAMES)}`)
    if (typeof listener !== 'function')
      throw new TypeError(`the listener of ${name} is ${shown(listener)}; allowed: a function of the event`)
    const all = this.listeners.get(name) ?? new Set()
    this.listeners.set(name, all.add(listener))
    return () => {
      all.delete(listener)
      if (all.size === 0) this.listeners.delete(name)
    }
  }

  /** What a listener throws is reported as an uncaught error of its own: the call goes on. */
  tell<Name extends ClientEventName>(name: Name, event: ClientEvents[Name]): void {
    channels[name].publish(event)
    for (const listener of this.listeners.get(name) ?? []) tell(listener, event as never)
  }
}

const NAMES: readonly ClientEventName[] = [
  'submitted',
  'attempt-started',
  'response-received',
  'attempt-failed',
  'retry-scheduled',
  'hedge-sent',
  'rate-limited',
  'cancelled',
  'finished',
  'circuit-changed',
]

const channels = Object.fromEntries(
  NAMES.map((name) => [name, channel(`headgate.client.${name}`)]),
) as Record<ClientEventName, Channel>
