/** What a run counts. */
export interface Tally {
  cases: number
  /** Of these, read as requests and as responses. */
  requests: number
  responses: number
  bytes: number
  /** Messages that both accept, and agree on. */
  accepted: number
  /** Messages that both refuse. */
  refused: number
  /** Messages that llhttp accepts whole, or so far, and Headgate refuses: it may. */
  stricter: number
  /** Messages cut short, on which both agree so far. */
  incomplete: number
  /** Messages that llhttp refuses in the midst of the trailers, and Headgate at their end. */
  late: number
  /** Messages forwarded and read again. */
  forwarded: number
  /** Cases read a second time in other pieces. */
  splits: number
  /** Cases sent through whole connections. */
  connections: number
  /** Messages for which a listed difference was the reason, by its name. */
  readonly differences: Map<string, number>
}

export function emptyTally(): Tally {
  return {
    cases: 0,
    requests: 0,
    responses: 0,
    bytes: 0,
    accepted: 0,
    refused: 0,
    stricter: 0,
    incomplete: 0,
    late: 0,
    forwarded: 0,
    splits: 0,
    connections: 0,
    differences: new Map(),
  }
}
