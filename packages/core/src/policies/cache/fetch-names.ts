import { createHash } from 'node:crypto'
import { askedPart } from './ask-for-all.ts'
import type { Lookup } from './cache-context.ts'
import type { StoredEntry } from './store.ts'

/**
 * Those with credentials wait for each other alone: what they get is seldom for all. That of the others is the key as it is, whose hash
 * is known by now: each text that is put together anew is hashed anew, by each map that it is looked up in.
 */
export function missName({ key, exchange }: Lookup): string {
  return nameFor(exchange.request.headers.has('authorization') ? `${key.text}\ncredentials` : key.text)
}

/** Those who ask for the same part wait for each other, too. */
export function fetchName(lookup: Lookup): string {
  const part = askedPart(lookup.exchange.request.headers, undefined)
  return part === undefined ? missName(lookup) : nameFor(`${missName(lookup)}\n${part}`)
}

export function confirmationName({ key, exchange }: Lookup, { head }: StoredEntry): string {
  const { range, receivedAt, variant } = head
  const of = range === undefined ? '' : ` ${range.first}-${range.last}`
  const part = askedPart(exchange.request.headers, head)
  return nameFor(`${key.text}\n${receivedAt}${of} ${variant}${part === undefined ? '' : `\n${part}`}`)
}

/** Names are remembered by the thousand: of one of 32 KiB, which a client may choose, a digest is. */
const LONGEST_NAME = 512

function nameFor(text: string): string {
  return text.length <= LONGEST_NAME ? text : createHash('sha256').update(text, 'latin1').digest('base64')
}
