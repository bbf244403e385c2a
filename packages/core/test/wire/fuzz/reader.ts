import { BodyReader } from '../../../src/h1/body-reader.ts'
import { WireFault } from '../../../src/h1/fault.ts'
import { type Framing, NO_BODY } from '../../../src/h1/framing.ts'
import type { HeadLimits } from '../../../src/message/head-limits.ts'
import { type FoundHead, HeadBuffer, wholeBody } from '../../../src/h1/head-buffer.ts'
import { type Intake, takeIn } from '../../../src/h1/intake.ts'
import { type ResponseIntake, takeInResponse } from '../../../src/h1/response-intake.ts'
import { type Body, type BodySink, EMPTY_BODY, StreamBody } from '../../../src/message/body.ts'
import type { HeaderList } from '../../../src/message/headers.ts'
import { HttpRequest } from '../../../src/message/request.ts'
import type { Asked } from './input.ts'

/** What Headgate read: messages one after another, and why it stopped there. */
export interface Reading {
  readonly messages: Message[]
  /** `ended`: all bytes are used up, or what is left is not for this reader. */
  readonly stop: 'ended' | 'in-head' | 'in-body' | WireFault
  /** Where the message begins that it stopped in. */
  readonly at: number
}

export interface Message {
  readonly intake: Intake | ResponseIntake
  readonly framing: Framing
  /** Its fields when it was read: forwarding changes them. */
  readonly fields: HeaderList
  readonly start: number
  /** Behind its last byte; undefined if it is not complete. */
  end: number | undefined
  body: Body
  chunks: Buffer[]
  trailers: HeaderList | undefined
}

/** Bytes in reads, with a place in them that counts from the beginning of all. */
class Reads {
  private readonly reads: readonly Buffer[]
  private index = 0
  private from = 0
  private passed = 0

  constructor(reads: readonly Buffer[]) {
    this.reads = reads
  }

  get position(): number {
    return this.passed + this.from
  }

  /** The rest of the present read, or the next one; undefined when there is none. Taken until it is given back. */
  next(): Buffer | undefined {
    for (;;) {
      const read = this.reads[this.index]
      if (read === undefined) return undefined
      const rest = read.subarray(this.from)
      this.passed += read.length
      this.from = 0
      this.index++
      if (rest.length > 0) return rest
    }
  }

  /** The last `count` bytes of the read that was taken last were not used. */
  giveBack(count: number): void {
    if (count === 0) return
    this.index--
    const { length } = this.reads[this.index] as Buffer // it was taken
    this.passed -= length
    this.from = length - count
  }
}

/** Reads requests as a server connection does, by the same parts. */
export function readRequests(bytes: readonly Buffer[], limits: HeadLimits): Reading {
  const reads = new Reads(bytes)
  const head = new HeadBuffer(limits.head, 'malformed_request')
  const messages: Message[] = []
  for (;;) {
    const at = reads.position
    const found = takeHead(reads, head)
    if (found === 'ended' || found === 'in-head' || found instanceof WireFault)
      return { messages, stop: found, at }
    const intake = takeIn(found, { limits }, 'http')
    if (intake instanceof WireFault) return { messages, stop: intake, at }
    const { request, framing } = intake
    const message = begin(intake, request.headers, framing, at)
    messages.push(message)
    const fault = readBody(reads, found, message, limits, 'malformed_request')
    if (fault !== undefined) return { messages, stop: fault, at }
    if (message.end === undefined) return { messages, stop: 'in-body', at }
    request.body = message.body
    if (!intake.persistent || request.upgrade !== undefined)
      return { messages, stop: 'ended', at: message.end }
  }
}

/** Reads one final response and the 1xx responses before it, as a client connection does. */
export function readResponses(bytes: readonly Buffer[], limits: HeadLimits, asked: Asked): Reading {
  const reads = new Reads(bytes)
  const head = new HeadBuffer(limits.head, 'malformed_response')
  const request = HttpRequest.to('http://a/', { method: asked.method })
  request.upgrade = asked.upgrade
  const messages: Message[] = []
  for (;;) {
    const at = reads.position
    const found = takeHead(reads, head)
    if (found === 'ended' || found === 'in-head' || found instanceof WireFault)
      return { messages, stop: found, at }
    const intake = takeInResponse(found, request, limits)
    if (intake instanceof WireFault) return { messages, stop: intake, at }
    const message = begin(intake, intake.headers, intake.framing ?? NO_BODY, at)
    messages.push(message)
    const fault = readBody(reads, found, message, limits, 'malformed_response')
    if (fault !== undefined) return { messages, stop: fault, at }
    if (message.end === undefined) return { messages, stop: 'in-body', at }
    if (intake.framing !== undefined || intake.status === 101)
      return { messages, stop: 'ended', at: message.end }
  }
}

function begin(
  intake: Intake | ResponseIntake,
  headers: HeaderList,
  framing: Framing,
  start: number,
): Message {
  const fields = headers.clone()
  return { intake, framing, fields, start, end: undefined, body: EMPTY_BODY, chunks: [], trailers: undefined }
}

function takeHead(reads: Reads, head: HeadBuffer): FoundHead | WireFault | 'ended' | 'in-head' {
  let begun = false
  for (;;) {
    const read = reads.next()
    if (read === undefined) return begun ? 'in-head' : 'ended'
    begun = true
    const found = head.take(read)
    if (found === undefined) continue
    if (!(found instanceof WireFault)) reads.giveBack(found.buffer.length - found.next)
    return found
  }
}

function readBody(
  reads: Reads,
  found: FoundHead,
  message: Message,
  limits: HeadLimits,
  malformed: 'malformed_request' | 'malformed_response',
): WireFault | undefined {
  const { framing } = message
  if (framing === NO_BODY) {
    message.end = reads.position
    return undefined
  }
  if (framing > 0 && found.buffer.length - found.next >= framing) {
    const body = wholeBody(found, framing)
    reads.giveBack((reads.next() as Buffer).length - framing) // it is here
    message.end = reads.position
    message.body = body
    message.chunks = [Buffer.from(body.latin1, 'latin1')]
    return undefined
  }
  const stream = new StreamBody(framing > 0 ? framing : undefined, { resumeBody() {}, cancelBody() {} })
  const reader = new BodyReader(framing, stream, limits, malformed, message.fields.get('connection'))
  const fault = feed(reads, reader, message)
  if (fault === undefined && (reader.done || reader.endsWithConnection)) {
    message.end = reads.position
    reader.finish()
  }
  drain(stream, message)
  return fault
}

function feed(reads: Reads, reader: BodyReader, message: Message): WireFault | undefined {
  while (!reader.done) {
    const read = reads.next()
    if (read === undefined) return undefined
    const next = reader.feed(Buffer.from(read), 0) // it is changed
    if (next instanceof WireFault) return next
    if (reader.done) reads.giveBack(read.length - next)
    else if (next !== read.length) throw new Error(`${message.start}: a body reader left bytes of a read`)
  }
  return undefined
}

/** Takes out what a stream holds, and puts a body in its place that can be read again. */
function drain(stream: StreamBody, message: Message): void {
  const { chunks } = message
  stream.flowTo({
    write: (chunk) => chunks.push(chunk as Buffer) > 0, // a reader pushes parts of Buffers
    end: (trailers) => (message.trailers = trailers),
    fail() {},
  })
  message.body = new Replay(stream.length, chunks, message.trailers)
}

/** A stream that flows in the chunks in which it came, all at once. */
class Replay implements Body {
  readonly length: number | undefined
  private readonly chunks: readonly Buffer[]
  private readonly trailers: HeaderList | undefined

  constructor(length: number | undefined, chunks: readonly Buffer[], trailers: HeaderList | undefined) {
    this.length = length
    this.chunks = chunks
    this.trailers = trailers
  }

  get whole(): undefined {
    return undefined
  }

  flowTo(sink: BodySink): void {
    for (const chunk of this.chunks) sink.write(chunk)
    sink.end(this.trailers)
  }

  resume(): void {}
  cancel(): void {}
}

/** The bytes of a message's content, one character each. */
export function contentOf(message: Message): string {
  let text = ''
  for (const chunk of message.chunks) text += chunk.toString('latin1')
  return text
}
