import { METHODS } from 'node:http'
import { createRequire } from 'node:module'
import { INPUT_LIMIT } from './input.ts'

/** The part of Node's binding to llhttp that is used here: it is not public, but what `node:http` itself runs on. */
interface Binding {
  readonly HTTPParser: BindingClass
}

interface BindingClass {
  new (): BindingParser
  readonly REQUEST: number
  readonly RESPONSE: number
  readonly kOnMessageBegin: number
  readonly kOnHeaders: number
  readonly kOnHeadersComplete: number
  readonly kOnBody: number
  readonly kOnMessageComplete: number
  readonly kLenientNone: number
}

interface BindingParser {
  [callback: number]: (...args: never[]) => number | void
  initialize(type: number, resource: object, maxHeaderSize: number, lenientFlags: number): void
  execute(bytes: Buffer): number | Refusal
  finish(): undefined | Refusal
}

/** What llhttp says when it refuses. */
export interface Refusal {
  readonly code: string
  readonly reason: string
}

/** A refusal whose reason Node's binding swallows. */
export const UNTOLD: Refusal = { code: 'untold', reason: 'untold, as the message has Upgrade' }

const { HTTPParser } = createRequire(import.meta.url)('_http_common') as Binding
const RESOURCE = {}
/** Above all that a case may hold: the limits of heads are not compared. */
const HEAD_SIZE = 16 * INPUT_LIMIT

/** llhttp, strict, as node:http runs it, with no socket around it: what it made of the first message it was fed. */
export class Llhttp {
  method = ''
  target = ''
  status = 0
  minor = 0
  major = 0
  /** Name, value, name, value; names in lower case, as trailers. */
  fields: string[] = []
  trailers: string[] = []
  body = ''
  upgrade = false
  keepAlive = false
  headed = false
  /** Messages begun and complete, all that were fed counted. */
  begun = 0
  completed = 0
  refusal: Refusal | undefined
  private skipsBody: ((status: number) => boolean) | undefined
  private readonly parser = new HTTPParser()

  constructor() {
    const { parser } = this
    parser[HTTPParser.kOnMessageBegin] = () => {
      this.begun++
    }
    parser[HTTPParser.kOnHeaders] = (lines: string[], target: string) => this.takeFields(lines, target)
    parser[HTTPParser.kOnHeadersComplete] = (...args: HeadArguments) => this.takeHead(args)
    parser[HTTPParser.kOnBody] = (chunk: Buffer) => {
      if (this.completed === 0) this.body += chunk.toString('latin1')
    }
    parser[HTTPParser.kOnMessageComplete] = () => {
      this.completed++
    }
  }

  /** @param skipsBody for responses: whether one of that status has no body, whatever its fields say; it knows the request */
  begin(skipsBody?: (status: number) => boolean): this {
    this.skipsBody = skipsBody
    this.method = ''
    this.target = ''
    this.fields = []
    this.trailers = []
    this.body = ''
    this.upgrade = false
    this.headed = false
    this.begun = 0
    this.completed = 0
    this.refusal = undefined
    const type = skipsBody === undefined ? HTTPParser.REQUEST : HTTPParser.RESPONSE
    this.parser.initialize(type, RESOURCE, HEAD_SIZE, HTTPParser.kLenientNone)
    return this
  }

  feed(bytes: Buffer): this {
    if (this.refusal !== undefined || bytes.length === 0) return this
    const result = this.parser.execute(bytes)
    if (typeof result !== 'number') this.refusal = result
    // Node takes any error of a request with Upgrade for the protocol's switch.
    else if (result < bytes.length && this.completed === 0) this.refusal = UNTOLD
    return this
  }

  /** The connection ended. */
  finish(): this {
    if (this.refusal === undefined) this.refusal = this.parser.finish()
    return this
  }

  /** Whether it takes the message so far and waits for more of it. */
  get waits(): boolean {
    return this.refusal === undefined && this.completed === 0
  }

  private takeFields(lines: readonly string[], target: string): void {
    if (this.completed > 0) return
    if (!this.headed) this.target += target
    const list = this.headed ? this.trailers : this.fields
    for (let index = 0; index < lines.length; index += 2)
      list.push((lines[index] as string).toLowerCase(), lines[index + 1] as string) // pairs
  }

  private takeHead([
    major,
    minor,
    lines,
    method,
    target,
    status,
    ,
    upgrade,
    keepAlive,
  ]: HeadArguments): number {
    if (this.completed > 0) return 0
    if (lines !== undefined) this.takeFields(lines, target ?? '')
    this.major = major
    this.minor = minor
    this.method = KNOWN_METHODS.get(method ?? -1) ?? ''
    this.status = status ?? 0
    this.upgrade = upgrade
    this.keepAlive = keepAlive
    this.headed = true
    return this.skipsBody?.(this.status) === true ? SKIP_BODY : 0
  }
}

/** What an owner of llhttp answers to a head whose message has no body. */
const SKIP_BODY = 1

type HeadArguments = [
  major: number,
  minor: number,
  lines: string[] | undefined,
  method: number | undefined,
  target: string | undefined,
  status: number | undefined,
  reason: string | undefined,
  upgrade: boolean,
  keepAlive: boolean,
]

/** llhttp knows methods by number; the numbers are not public, so each method is asked for its own. */
const KNOWN_METHODS = new Map<number, string>()

for (const method of METHODS) {
  const parser = new HTTPParser()
  parser[HTTPParser.kOnHeadersComplete] = (...args: HeadArguments) => {
    KNOWN_METHODS.set(args[3] ?? -1, method)
    return 0
  }
  parser.initialize(HTTPParser.REQUEST, RESOURCE, HEAD_SIZE, HTTPParser.kLenientNone)
  parser.execute(Buffer.from(`${method} ${method === 'CONNECT' ? 'a:1' : '/'} HTTP/1.1\r\n\r\n`))
}

export function knowsMethod(method: string): boolean {
  return KNOWN.has(method)
}

const KNOWN: ReadonlySet<string> = new Set(KNOWN_METHODS.values())
