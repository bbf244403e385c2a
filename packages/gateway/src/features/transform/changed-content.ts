import {
  type Body,
  contentChanged,
  decodedContent,
  type Exchange,
  type HeaderList,
  TrafficError,
  WholeBody,
} from '@headgate/core'
import { collectContent } from '../collect-body.ts'
import { type JsonNode, jsonText, parseJson } from './json-tree.ts'

/** Lists and objects in each other: more is no document that anybody writes. */
const DEPTH = 200

/** A decompression bomb is one from here on: decoded bytes for each that came. */
const RATIO = 200

/** Content that is not what it says, or is too large. */
export class Unfit extends Error {
  override readonly name = 'Unfit'
  readonly isTooLarge: boolean

  constructor(reason: string, isTooLarge = false) {
    super(reason)
    this.isTooLarge = isTooLarge
  }
}

/** A message, as far as its content goes. */
export interface ContentOf {
  headers: HeaderList
  body: Body
}

/**
 * All of the content, without its coding, as text. The message carries it as it came from then on.
 * @throws Unfit if it is larger than `limit` bytes, has a coding that nobody knows, or is no UTF-8
 */
export async function textOf(message: ContentOf, limit: number): Promise<string> {
  const { headers } = message
  // The message must have what it came with, if it is to pass as it is.
  const whole = await wholeOf(message, limit)
  const encoding = headers.get('content-encoding')
  const decoded = encoding === undefined ? whole : await decode(whole, encoding, limit)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(decoded.bytes)
  } catch {
    throw new Unfit('it is no text in UTF-8')
  }
}

async function wholeOf(message: ContentOf, limit: number): Promise<WholeBody> {
  const { body } = message
  if ((body.length ?? 0) > limit) throw tooLarge(limit)
  if (body.whole !== undefined) return body.whole
  return collectContent(
    body,
    limit,
    () => tooLarge(limit),
    (whole) => {
      message.body = whole
    },
  )
}

async function decode(whole: WholeBody, encoding: string, limit: number): Promise<WholeBody> {
  const decoded = decodedContent(whole, encoding, { maxSize: limit, maxRatio: RATIO })
  if (decoded === undefined) throw new Unfit('it has a content coding that is not known')
  try {
    return (
      decoded.whole ??
      (await collectContent(
        decoded,
        limit,
        () => tooLarge(limit),
        () => {},
      ))
    )
  } catch (error) {
    if (error instanceof Unfit) throw error
    if (error instanceof TrafficError && error.cause instanceof Unfit) throw error.cause
    throw new Unfit(error instanceof Error ? error.message : 'it cannot be decoded')
  }
}

function tooLarge(limit: number): Unfit {
  return new Unfit(`it is larger than ${limit} bytes`, true)
}

/** @throws Unfit */
export function readJson(text: string): JsonNode {
  try {
    return parseJson(text, { depth: DEPTH })
  } catch (error) {
    throw new Unfit(`it is no JSON that can be changed: ${(error as Error).message}`)
  }
}

/** Puts other content into a message. @param type its media type; undefined: as it was */
export function putContent(message: ContentOf, content: string, type?: string): void {
  const { headers } = message
  contentChanged(headers)
  headers.delete('content-encoding')
  if (type !== undefined) headers.set('content-type', type)
  message.body = WholeBody.fromBytes(Buffer.from(content))
}

export function putJson(message: ContentOf, node: JsonNode, type?: string): void {
  putContent(message, jsonText(node), type)
}

/** For the log: which exchange it was is known there. */
export function unfitError(error: Unfit, what: 'request' | 'response', exchange: Exchange): TrafficError {
  const message = `the content of the ${what} cannot be changed on route ${exchange.route}: ${error.message}`
  if (what === 'response') return new TrafficError('invalid_content', message, { phase: 'response-body' })
  return new TrafficError(error.isTooLarge ? 'request_body_too_large' : 'validation_failed', message, {
    phase: 'request-body',
  })
}
