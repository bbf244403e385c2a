import { own } from '../../message/own-options.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { Clock } from '../../time/clock.ts'
import { Circuit, type CircuitOptions, type CircuitState } from './breaker-state.ts'
import { CircuitGate } from './circuit-gate.ts'

/** Told of each change of a circuit's state. */
export type CircuitListener = (key: string, from: CircuitState, to: CircuitState) => void

/** Options of `Circuits`. */
export interface CircuitsOptions extends CircuitOptions {
  /** How many keys to keep; beyond that the one is forgotten that was not used in the longest time. Default 1,000. */
  readonly maxKeys?: number | undefined
  readonly onTransition?: CircuitListener | undefined
}

/** One circuit for each key, all with the same options. It may be shared by several breakers, and outlive them. */
export class Circuits {
  private readonly options: CircuitsOptions
  private readonly circuits: BoundedMap<Circuit>
  /** Theirs are not forgotten. */
  private readonly gates = new Map<string, CircuitGate>()

  /** @throws TypeError if an option is out of range */
  constructor(given: CircuitsOptions = {}) {
    const options = own(given)
    this.options = options
    this.circuits = new BoundedMap(options.maxKeys ?? 1_000)
    // Here, not at the first request.
    void new Circuit(options)
  }

  /** The circuit for a key; a new one, closed, if there is none. */
  for(key: string): Circuit {
    let circuit = this.gates.get(key)?.circuit ?? this.circuits.get(key)
    if (circuit === undefined) {
      circuit = this.make(key)
      this.circuits.set(key, circuit)
    }
    return circuit
  }

  /** A circuit for a key, closed, for one of several that are chosen among: until it is stopped, it is the one for that key. */
  gate(key: string, clock: Clock): CircuitGate {
    const gate: CircuitGate = new CircuitGate(
      this.make(key, () => gate.update()),
      clock,
      () => {
        if (this.gates.get(key) === gate) this.gates.delete(key)
      },
    )
    this.circuits.delete(key)
    this.gates.set(key, gate)
    return gate
  }

  /** All circuits that are known, by key. */
  *known(): IterableIterator<[key: string, circuit: Circuit]> {
    for (const [key, { circuit }] of this.gates) yield [key, circuit]
    yield* this.circuits
  }

  /** The state of each circuit that is known. */
  states(): Map<string, CircuitState> {
    return new Map(Array.from(this.known(), ([key, { state }]) => [key, state]))
  }

  private make(key: string, moved?: () => void): Circuit {
    const { onTransition } = this.options
    return new Circuit(
      this.options,
      (moved ?? onTransition) &&
        ((from, to) => {
          onTransition?.(key, from, to)
          moved?.()
        }),
    )
  }

  /** Closes the circuit for a key, as if nothing had happened. */
  reset(key: string): void {
    this.for(key).reset()
  }

  /** Opens the circuit for a key until it is reset. */
  forceOpen(key: string): void {
    this.for(key).forceOpen()
  }
}
