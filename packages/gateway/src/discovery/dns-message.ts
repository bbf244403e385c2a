import { isIP } from 'node:net'
import { type Answer, decode, encode } from 'dns-packet'

export type QuestionType = 'A' | 'AAAA' | 'SRV'

export interface AddressRecord {
  /** Lower case, as all names here. */
  readonly name: string
  readonly address: string
  /** Seconds. */
  readonly ttl: number
}

export interface ServiceRecord {
  readonly priority: number
  readonly weight: number
  readonly port: number
  readonly target: string
  readonly ttl: number
}

/** What a name server said, as far as it is of use. */
export interface DnsAnswer {
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL` and so on (RFC 1035 4.1.1). */
  readonly code: string
  readonly addresses: readonly AddressRecord[]
  readonly services: readonly ServiceRecord[]
  /** Addresses of targets that it told without being asked. */
  readonly additional: readonly AddressRecord[]
}

/** What fits into a datagram that no network splits (RFC 9715 section 3.1). */
const UDP_PAYLOAD = 1232
/** RFC 2181 section 8: more is to be taken for 0. */
const LONGEST_TTL = 2 ** 31 - 1
const TRUNCATED = 0x02
const RESPONSE = 0x80

/** @param extended whether it says that it takes longer answers (RFC 6891), which some old servers do not understand */
export function encodeQuestion(id: number, name: string, type: QuestionType, extended: boolean): Buffer {
  return encode({
    type: 'query',
    id,
    flags: 0x0100, // recursion desired
    questions: [{ name, type }],
    ...(extended && {
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: UDP_PAYLOAD,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ],
    }),
  })
}

/** Whether it is a response with that id: what else arrives is not meant for us. */
export function answersTo(message: Buffer, id: number): boolean {
  return message.length >= 12 && message.readUInt16BE(0) === id && ((message[2] ?? 0) & RESPONSE) !== 0
}

/** Whether there is more than fits into a datagram. */
export function isTruncated(message: Buffer): boolean {
  return ((message[2] ?? 0) & TRUNCATED) !== 0
}

/** @throws Error if it cannot be read, or answers another question */
export function decodeAnswer(message: Buffer, name: string, type: QuestionType): DnsAnswer {
  if (pointsTooOften(message)) throw new Error('the answer has names that point to each other too often')
  const { questions = [], answers = [], additionals = [], rcode } = decode(message) as Decoded
  // The library reads addresses beyond the end, as "127.0.undefined.undefined".
  if (decode.bytes > message.length) throw new Error('the answer is cut off')
  const [question] = questions
  // A server that could not read the question leaves it out.
  if (question !== undefined && (question.type !== type || !isSameName(question.name, name))) {
    throw new Error('the answer is to another question')
  }
  return {
    code: rcode,
    addresses: answers.flatMap((record) => addressOf(record, [type])),
    services: answers.flatMap(serviceOf),
    additional: additionals.flatMap((record) => addressOf(record, ['A', 'AAAA'])),
  }
}

const POINTER = 0xc0
/**
 * Steps from label to label, and from pointer to pointer, for each byte of a message. A whole answer of records with a name of 100
 * labels stays below it.
 */
const STEPS_PER_BYTE = 8

/**
 * Whether following all pointers (RFC 1035 4.1.4) would take more work than the message's length warrants. Each of 4,000 records
 * in 64 KiB may point at the end of a row of 8,000 pointers, which the library follows anew for each: 33 million steps. It looks at
 * every byte as if a pointer began there, which is less work than to find out where one does.
 */
function pointsTooOften(message: Buffer): boolean {
  let left = STEPS_PER_BYTE * message.length
  for (let at = 0; at < message.length && left >= 0; at++) {
    if ((message[at] as number) >= POINTER) left -= stepsFrom(message, at, left) // within the message
  }
  return left < 0
}

/** Steps until the name ends, or is one that the library refuses. More than `most` are not counted. */
function stepsFrom(message: Buffer, pointer: number, most: number): number {
  let at = pointer
  let before = pointer
  for (let steps = 1; ; steps++) {
    const length = message[at]
    if (!length || steps > most) return steps
    if (length < 64) at += length + 1
    else {
      const target = ((length & ~POINTER) << 8) | (message[at + 1] ?? 0)
      if (length < POINTER || target >= before) return steps
      at = target
      before = target
    }
  }
}

/** The library's own type leaves it out. */
type Decoded = ReturnType<typeof decode> & { readonly rcode: string }

function addressOf(record: Answer, types: readonly string[]): AddressRecord[] {
  if ((record.type !== 'A' && record.type !== 'AAAA') || !types.includes(record.type)) return []
  if (isIP(record.data) === 0) throw new Error('the answer holds an address that is none')
  return [{ name: canonical(record.name), address: record.data, ttl: seconds(record.ttl) }]
}

function serviceOf(record: Answer): ServiceRecord[] {
  if (record.type !== 'SRV') return []
  const { priority = 0, weight = 0, port, target } = record.data
  return [{ priority, weight, port, target: canonical(target), ttl: seconds(record.ttl) }]
}

function seconds(ttl = 0): number {
  return ttl > LONGEST_TTL ? 0 : ttl
}

function canonical(name: string): string {
  return name.toLowerCase().replace(/(?<=.)\.$/, '')
}

function isSameName(one: string, other: string): boolean {
  return canonical(one) === canonical(other)
}
