import { frame, uint32 } from '../frames.ts'
import type { Pair } from '../hpack-blocks.ts'
import type { RawClient } from '../raw-client.ts'

/**
 * What a server must do: end the connection with a code, send a line that begins so (of `RawClient`), or go on, which a PING shows. After
 * GOAWAY of the client's the connection ends with the answer.
 */
export type Expected =
  | `GOAWAY ${string}`
  | `${Uppercase<string>} ${number}${string}`
  | 'SETTINGS+ACK'
  | 'goes on'
  | 'the end'

export type Send = (client: RawClient) => readonly (Buffer | string)[]

/** What a client sends behind the prefaces, and what must become of it. */
export interface SpecCase {
  /** Its number in h2spec 2.6.0, `-S`; undefined for one that h2spec does not have. */
  readonly id: string | undefined
  readonly name: string
  readonly expected: Expected
  readonly send: Send
  /** What is sent when a line has come that begins so. */
  readonly behind: readonly (readonly [line: string, send: Send])[]
  /** Whether even the preface is left to `send`. */
  readonly bare: boolean
}

export function spec(
  id: string | undefined,
  name: string,
  expected: Expected,
  send: Send,
  ...behind: readonly (readonly [line: string, send: Send])[]
): SpecCase {
  return { id, name, expected, send, behind, bare: false }
}

/** What the handler of the tests answers, and the line with which it does. */
export const ANSWER = 'HEADERS 1 :status=200'

export const POST: readonly Pair[] = [[':method', 'POST']]
/** Is never answered. */
export const NEVER: readonly Pair[] = [[':path', '/never']]
export const REQUEST: readonly Pair[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':authority', 'h'],
  [':path', '/'],
]
export const without = (name: string): Pair[] => REQUEST.filter((pair) => pair[0] !== name)
export const END_STREAM = 1
export const END_HEADERS = 4
export const ENDS: number = END_STREAM | END_HEADERS
export const PADDED = 8
export const PRIORITY = 0x20

/** HEADERS of GET, in literals that are in no table. */
export const head = (client: RawClient, flags: number = ENDS, id = 1): Buffer =>
  frame(1, flags, id, client.block(REQUEST))
/** HEADERS with just these fields. */
export const fields = (client: RawClient, all: readonly Pair[], flags: number = ENDS): Buffer =>
  frame(1, flags, 1, client.block(all))
export const bytes = (...values: readonly number[]): Buffer => Buffer.from(values)
export const priority = (dependency: number, weight = 15): Buffer =>
  Buffer.concat([uint32(dependency), bytes(weight)])
/** GET of "/" by indexes of the static table, and `more` behind. */
export const block = (...more: readonly number[]): Buffer => bytes(0x82, 0x86, 0x84, 0x41, 1, 0x68, ...more)
