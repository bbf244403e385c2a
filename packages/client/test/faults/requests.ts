import type { FetchInit, TrafficError } from '../../src/index.ts'

/** One way to ask: what of it may be sent again decides how often it is tried. */
export interface RequestKind {
  readonly name: string
  readonly call: () => FetchInit
  /** What the peer has received when all of the request is there. */
  readonly complete: string
  /** Attempts where a peer may have seen the request. */
  readonly attempts: 1 | 3
  readonly replaySafe: TrafficError['replaySafe']
}

async function* content(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('all of it')
}

export const REQUESTS: readonly RequestKind[] = [
  { name: 'GET', call: () => ({}), complete: '\r\n\r\n', attempts: 3, replaySafe: 'idempotent' },
  {
    name: 'POST',
    call: () => ({ method: 'POST', body: 'all of it' }),
    complete: 'all of it',
    attempts: 1,
    replaySafe: 'unknown',
  },
  {
    name: 'POST with Idempotency-Key',
    call: () => ({ method: 'POST', body: 'all of it', headers: { 'idempotency-key': '"1"' } }),
    complete: 'all of it',
    attempts: 3,
    replaySafe: 'unknown',
  },
  {
    // The method could be repeated, but the content is gone.
    name: 'PUT of a stream',
    call: () => ({ method: 'PUT', body: content(), duplex: 'half' }),
    complete: '\r\n0\r\n\r\n',
    attempts: 1,
    replaySafe: 'idempotent',
  },
]
