import { NO_BODY, UNTIL_CLOSE } from '../../../src/h1/framing.ts'
import { WireFault } from '../../../src/h1/fault.ts'
import type { HeaderList } from '../../../src/message/headers.ts'
import type { HttpRequest } from '../../../src/message/request.ts'
import { canonicalAuthority, canonicalPath, InvalidTarget } from '../../../src/message/target.ts'
import { type Difference, listed, UNKNOWN_METHOD } from './differences.ts'
import { mayEndInTrailers } from './dropped.ts'
import type { Asked } from './input.ts'
import { knowsMethod, Llhttp, UNTOLD } from './llhttp.ts'
import { contentOf, type Message, type Reading } from './reader.ts'
import type { Tally } from './tally.ts'

const oracle = new Llhttp()
const DISGUISE = Buffer.from('PUT')

/**
 * Reads the same bytes with llhttp, message by message, and answers the first disagreement.
 * @param refusedLate whether Headgate refuses the bytes, too, once an empty line stands behind them
 */
export function compare(
  bytes: Buffer,
  reading: Reading,
  asked: Asked | undefined,
  tally: Tally,
  refusedLate: () => boolean,
): string | undefined {
  const skipsBody = asked === undefined ? undefined : (status: number) => hasNoBody(asked.method, status)
  for (const message of reading.messages) {
    if (message.end === undefined && reading.stop instanceof WireFault) break
    oracle.begin(skipsBody)
    const disagreement =
      message.end === undefined
        ? compareBegun(bytes, message, tally, refusedLate)
        : compareWhole(bytes, message, tally)
    if (disagreement !== undefined) return disagreement
  }
  if (reading.stop instanceof WireFault || reading.stop === 'in-head') {
    oracle.begin(skipsBody).feed(bytes.subarray(reading.at))
    if (oracle.completed > 0 || (reading.stop instanceof WireFault && oracle.waits)) tally.stricter++
    else if (reading.stop === 'in-head') tally.incomplete++
    else tally.refused++
  }
  return undefined
}

function compareWhole(bytes: Buffer, message: Message, tally: Tally): string | undefined {
  const { end = 0, framing } = message
  const last = framing === UNTIL_CLOSE ? end : end - 1
  feedTo(bytes, message, last, tally)
  if (oracle.completed > 0 && count(listed(bytes, message, oracle), tally)) return undefined
  if (oracle.completed > 0) return `llhttp ends the message before byte ${last}, Headgate at ${end}`
  if (framing === UNTIL_CLOSE) {
    if (oracle.waits) oracle.finish()
  } else oracle.feed(bytes.subarray(last, end))
  if (oracle.refusal !== undefined) return refusal(bytes, message, tally)
  if (oracle.completed !== 1 && count(listed(bytes, message, oracle), tally)) return undefined
  if (oracle.completed !== 1) return `llhttp waits for more at ${end}, where Headgate ends the message`
  const body = contentOf(message)
  if (oracle.body !== body)
    return `body: ${JSON.stringify(body)} in Headgate, ${JSON.stringify(oracle.body)} in llhttp`
  const goesOn = message.intake.persistent && !oracle.keepAlive && !oracle.upgrade && !endsItself(message)
  if (goesOn && !count(listed(bytes, message, oracle), tally))
    return 'Headgate goes on with the connection, llhttp does not'
  tally.accepted++
  return compareHead(message) ?? compareTrailers(message)
}

function compareBegun(
  bytes: Buffer,
  message: Message,
  tally: Tally,
  refusedLate: () => boolean,
): string | undefined {
  feedTo(bytes, message, bytes.length, tally)
  if (oracle.refusal !== undefined) {
    // A section of trailers is looked at when all of it is here, by llhttp byte by byte.
    if (!refusedLate()) return refusal(bytes, message, tally)
    tally.late++
    return undefined
  }
  const isElsewhere = oracle.completed > 0 || !oracle.headed
  if (isElsewhere || oracle.body !== contentOf(message)) {
    if (count(listed(bytes, message, oracle), tally)) return undefined
    return isElsewhere
      ? 'Headgate waits for more of the body, llhttp is elsewhere'
      : 'the beginnings of the body differ'
  }
  tally.incomplete++
  return compareHead(message)
}

/** Feeds a message up to `end`, with a method in place of the first that llhttp knows: its list is closed, HTTP's is not. */
function feedTo(bytes: Buffer, message: Message, end: number, tally: Tally): void {
  const { intake, start } = message
  if ('status' in intake || knowsMethod(intake.request.method))
    return void oracle.feed(bytes.subarray(start, end))
  count(UNKNOWN_METHOD, tally)
  const emptyLine = bytes[start] === 0x0d ? 2 : 0
  oracle.feed(DISGUISE).feed(bytes.subarray(start + emptyLine + intake.request.method.length, end))
}

/** 1xx, 204, 304 and answers to HEAD: llhttp says what it thinks of the connection before it is told that there is no body. */
function endsItself({ intake, framing }: Message): boolean {
  return 'status' in intake && framing === NO_BODY
}

function refusal(bytes: Buffer, message: Message, tally: Tally): string | undefined {
  if (oracle.refusal === UNTOLD) {
    const masked = Buffer.from(bytes.toString('latin1').replace(/^upgrade:/gim, 'Xpgrade:'), 'latin1')
    oracle.begin()
    feedTo(masked, message, message.end ?? bytes.length, tally)
  }
  if (count(listed(bytes, message, oracle), tally)) return undefined
  return `Headgate accepts, llhttp refuses: ${oracle.refusal?.code}, ${oracle.refusal?.reason}`
}

function count(difference: Pick<Difference, 'name'> | undefined, tally: Tally): boolean {
  if (difference === undefined) return false
  tally.differences.set(difference.name, (tally.differences.get(difference.name) ?? 0) + 1)
  return true
}

function compareHead({ intake, fields }: Message): string | undefined {
  const version = `${oracle.major}.${oracle.minor}`
  if ('status' in intake) {
    if (intake.status !== oracle.status) return `status: ${intake.status}, ${oracle.status} in llhttp`
    if (intake.version !== version) return `version: ${intake.version}, ${version} in llhttp`
  } else {
    if (intake.request.version !== version) return `version: ${intake.request.version}, ${version} in llhttp`
    const different = compareTarget(intake.request)
    if (different !== undefined) return different
  }
  return compareFields(fields, oracle.fields)
}

function compareTarget(request: HttpRequest): string | undefined {
  const { method } = request
  if (method !== oracle.method && knowsMethod(method)) return `method: ${method}, ${oracle.method} in llhttp`
  const absolute = /^https?:\/\/([^/?]*)(.*)$/i.exec(oracle.target)
  const host = absolute === null ? hostOf(oracle.fields) : (absolute[1] ?? '')
  const authority = host === '' ? '' : canonicalAuthority(host, 80)
  const text = authority instanceof InvalidTarget || authority === '' ? '' : authority.text
  if (authority instanceof InvalidTarget || text !== request.authority.text)
    return `authority: ${request.authority.text}, ${JSON.stringify(host)} in llhttp`
  const rest = absolute === null ? oracle.target : `${absolute[2]?.startsWith('/') ? '' : '/'}${absolute[2]}`
  const mark = rest.indexOf('?')
  const path = mark < 0 ? rest : rest.slice(0, mark)
  // No path at all is the whole server to OPTIONS (RFC 9112 3.2.4).
  const isServer = path === '*' || (absolute?.[2] === '' && method === 'OPTIONS')
  const canonical = isServer ? '*' : canonicalPath(path)
  if (canonical !== request.path || request.query !== (mark < 0 ? '' : rest.slice(mark)))
    return `target: ${request.path}${request.query}, ${JSON.stringify(oracle.target)} in llhttp`
  return undefined
}

function hostOf(fields: readonly string[]): string {
  const at = fields.indexOf('host')
  return at < 0 || at % 2 === 1 ? hostBehind(fields) : (fields[at + 1] ?? '')
}

function hostBehind(fields: readonly string[]): string {
  for (let index = 0; index < fields.length; index += 2)
    if (fields[index] === 'host') return fields[index + 1] ?? ''
  return ''
}

function compareFields(ours: HeaderList, theirs: readonly string[]): string | undefined {
  let index = 0
  for (let at = 0; at < theirs.length; at += 2) {
    const [name, value] = [theirs[at], theirs[at + 1]]
    if (index < ours.size && name === ours.nameAt(index) && value === ours.valueAt(index)) index++
    // An expectation that means nothing is taken out at the door (RFC 9110 10.1.1).
    else if (name !== 'expect') return `field ${index}: ${JSON.stringify(`${name}: ${value}`)} in llhttp`
  }
  return index === ours.size ? undefined : `${ours.size} fields, ${theirs.length / 2} in llhttp`
}

/** Ours are theirs but for those that must not be in trailers, which we drop. */
function compareTrailers({ fields, trailers: ours }: Message): string | undefined {
  let index = 0
  for (let at = 0; at < oracle.trailers.length; at += 2) {
    const [name, value] = [oracle.trailers[at] as string, oracle.trailers[at + 1] as string] // pairs
    if (
      ours !== undefined &&
      index < ours.size &&
      ours.nameAt(index) === name &&
      ours.valueAt(index) === value
    )
      index++
    else if (!mayEndInTrailers(name, fields.get('connection') ?? '')) return `the trailer ${name} is lost`
  }
  return index === (ours?.size ?? 0) ? undefined : 'a trailer that llhttp does not see'
}

/** RFC 9112 6.3 rule 1. */
export function hasNoBody(method: string, status: number): boolean {
  return method === 'HEAD' || status < 200 || status === 204 || status === 304
}
