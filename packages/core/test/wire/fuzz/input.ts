import { DEFAULT_HEAD_LIMITS, type HeadLimits } from '../../../src/message/head-limits.ts'

/** One case: bytes, how they arrive, and what they are read as. All that a run of it depends on. */
export interface Input {
  readonly bytes: Buffer
  /** Offsets, ascending, at which the bytes are cut into reads for the second reading. */
  readonly cuts: readonly number[]
  /** Whether the limits of the head are so low that cases reach them. */
  readonly lowLimits: boolean
  /** Whether it is also sent through a whole connection, which takes longer than all else. */
  readonly whole: boolean
  /** For a response: the request that it answers. Undefined: the bytes are requests. */
  readonly answers: Asked | undefined
}

/** What the reading of a response depends on. */
export interface Asked {
  readonly method: string
  readonly upgrade: string | undefined
  /** The version of the downstream peer that the response is passed on to. */
  readonly version: '1.0' | '1.1'
}

/** Bytes that a case may have at most. */
export const INPUT_LIMIT = 16 * 1024

export const LOW_LIMITS: HeadLimits = { head: 300, fields: 12, target: 100 }

export function limitsOf(input: Input): HeadLimits {
  return input.lowLimits ? LOW_LIMITS : DEFAULT_HEAD_LIMITS
}

/** The bytes in reads, cut where the input says. */
export function readsOf({ bytes, cuts }: Input): Buffer[] {
  const reads: Buffer[] = []
  let start = 0
  for (const cut of cuts) {
    if (cut <= start || cut >= bytes.length) continue
    reads.push(bytes.subarray(start, cut))
    start = cut
  }
  reads.push(bytes.subarray(start))
  return reads
}
