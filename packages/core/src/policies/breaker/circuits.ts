import { BoundedMap } from '../bounded-map.ts'
import { Circuit, type CircuitOptions, type CircuitState } from './breaker-state.ts'

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

  /** @throws TypeError if an option is out of range */
  constructor(options: CircuitsOptions = {}) {
    this.options = options
    this.circuits = new BoundedMap(options.maxKeys ?? 1_000)
    // Here, not at the first request.
    void new Circuit(options)
  }

  /** The circuit for a key; a new one, closed, if there is none. */
  for(key: string): Circuit {
    let circuit = this.circuits.get(key)
    if (circuit === undefined) {
      const { onTransition } = this.options
      circuit = new Circuit(this.options, onTransition && ((from, to) => onTransition(key, from, to)))
      this.circuits.set(key, circuit)
    }
    return circuit
  }

  /** The state of each circuit that is known. */
  states(): Map<string, CircuitState> {
    return new Map([...this.circuits].map(([key, { state }]) => [key, state]))
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
