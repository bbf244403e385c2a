/** One field line: the name in lower case. */
export interface HeaderField {
  readonly name: string
  readonly value: string
}

/** What becomes of a line where its message passes from one connection to the next, before what Connection names is asked: see `linePasses`. */
export type Passage =
  /** Passes on. */
  | 'passes'
  /** Concerns one connection only (RFC 9110 7.6.1), or poses as a field that we set. */
  | 'ends'
  /** One of the X-Forwarded fields that we write: what a trusted peer says there goes into ours. */
  | 'x-forwarded'
  /** Says on whose behalf a request is made, or for which target, in any other field: passes from trusted peers only. */
  | 'x-claim'
  /** The same in Forwarded (RFC 7239). */
  | 'forwarded-claim'
  /** May pose as a field that the configuration names: see `FieldFilter.ownFields`. */
  | 'variant'

/**
 * A field line as messages have it. Name and value never change, so that one object stands in all messages that have this line, as most
 * of a connection have; what was found out about it once is kept with it, and not looked up again for each message.
 */
export class HeaderLine implements HeaderField {
  readonly name: string
  readonly value: string
  /** By its name; undefined until somebody has asked. */
  passage: Passage | undefined = undefined
  /** What HTTP/2 sends it as; undefined until it was sent, or where it came over HTTP/1.1. */
  wire: object | undefined = undefined
  /** What HTTP/1.1 sends it as, behind another line; undefined until it was sent so. */
  text: string | undefined = undefined

  constructor(name: string, value: string) {
    this.name = name
    this.value = value
  }
}
