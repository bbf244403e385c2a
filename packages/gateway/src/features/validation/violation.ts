import { type Exchange, fact, type Fact, TrafficError } from '@headgate/core'

/** The parts of a message that schemas are for, as OpenAPI calls them. */
export type MessagePart = 'body' | 'query' | 'header' | 'cookie' | 'path'

/** Something that is not as a schema says. It never holds a value that was sent. */
export interface Violation {
  readonly in: MessagePart
  /** Where in that part (RFC 6901); empty for all of it. */
  readonly pointer: string
  /** The continuation of a sentence that begins with the place. */
  readonly detail: string
}

/** So many are told, and how many more there are. */
const MOST = 20

/** Names of members are the client's choice. */
const LONGEST_POINTER = 200

/** What is wrong with a response: for the log. The client is not told more than that it is. */
export class InvalidResponse extends TrafficError {
  constructor(violations: readonly Violation[]) {
    super('invalid_content', `the response: ${summary(violations)}`, { phase: 'response-body' })
  }
}

/** What is wrong with a request, all of it at once (RFC 9457 3.2). */
export class InvalidMessage extends TrafficError {
  constructor(violations: readonly Violation[]) {
    super('validation_failed', summary(violations), { phase: 'request-body', replaySafe: 'unsent' })
    const errors = violations.slice(0, MOST).map(({ in: part, pointer, detail }) => {
      return { in: part, pointer: shortened(pointer), detail }
    })
    const further = violations.length - errors.length
    this.members = { errors, ...(further > 0 && { further }) }
  }
}

function summary(violations: readonly Violation[]): string {
  const [first] = violations
  if (first === undefined) return 'it is not as the schema says'
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : ''
  const place = first.pointer === '' ? `the ${first.in}` : `${first.in} ${shortened(first.pointer)}`
  return `${place} ${first.detail}${more}`
}

function shortened(pointer: string): string {
  return pointer.length <= LONGEST_POINTER ? pointer : `${pointer.slice(0, LONGEST_POINTER)}…`
}

/** One more step of a JSON pointer (RFC 6901 section 3). */
export function pointerStep(key: string | number): string {
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** Why a message was found not to be as its schemas say, for logs: in the mode "report", too. */
export const invalidMessage: Fact<string> = fact<string>('invalid message')

export function stateInvalid(exchange: Exchange, { message }: TrafficError): void {
  invalidMessage.state(exchange, message)
}
