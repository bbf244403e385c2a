/** What a client's process is started for, as JSON in its one argument. */
export interface ClientSetup {
  client: string
  workload: string
  originPort: number
  /** The certificate of the origin over TLS (PEM). */
  ca?: string
}

/** What it is told for each turn. */
export interface ClientTurn {
  warmupSeconds: number
  seconds: number
}

/** What it measured of itself. */
export interface ClientMeasurement {
  seconds: number
  /** Calls that were completed. */
  requests: number
  /** Bytes of content, also of calls that had not come to their end. */
  bytes: number
  cpuSeconds: number
  /** By what happened, warm-up included. */
  failures: Record<string, number>
}

export type ClientReply = { kind: 'ready' } | ({ kind: 'done' } & ClientMeasurement)
