import { isIP, isIPv6 } from 'node:net'
import { FIELD_VALUE, isToken, listMembers, TOKEN_LOWER } from '../message/tokens.ts'

/** Who had a part in a request, as one proxy on its way says (RFC 7239 section 4); values without their quotes. */
export interface ForwardedElement {
  /** Whom the proxy got the request from: see `parseForwardedNode`. */
  readonly for?: string
  /** Where the proxy got it. */
  readonly by?: string
  /** The Host that it had. */
  readonly host?: string
  /** The scheme that it came by. */
  readonly proto?: string
  /** Parameters that the RFC does not name, in lower case. */
  readonly [extension: string]: string | undefined
}

/** A party on the way of a request (RFC 7239 section 6). */
export interface ForwardedNode {
  /** An IP address without brackets; undefined where the party is `unknown` or hides behind a name as `_gw1`. */
  readonly address: string | undefined
  /** A number, or a name as `_p`; undefined where none is told. */
  readonly port: string | undefined
}

/**
 * Parses Forwarded: the elements in the order of the list, the nearest proxy's last.
 * @returns undefined if the value is not valid: nothing in it can be relied on then
 */
export function parseForwarded(value: string): ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = []
  const cursor: Cursor = { text: value, at: 0 }
  while (cursor.at < value.length) {
    const element = parseElement(cursor)
    if (element === undefined) return undefined
    // A list may have empty members (RFC 9110 5.6.1.2).
    if (element !== EMPTY) elements.push(element)
    // The element ended at a comma, or the value with it.
    cursor.at++
  }
  return elements
}

/** Writes Forwarded. @throws TypeError if a name is no token or a value cannot be quoted */
export function serializeForwarded(elements: readonly ForwardedElement[]): string {
  return elements.map(serializeElement).join(', ')
}

function serializeElement(element: ForwardedElement): string {
  const pairs: string[] = []
  for (const [name, value] of Object.entries(element)) {
    if (value === undefined) continue
    if (!isToken(name))
      throw new TypeError(`${JSON.stringify(name)} is not the name of a Forwarded parameter`)
    pairs.push(`${name}=${isToken(value) ? value : quote(name, value)}`)
  }
  return pairs.join(';')
}

/**
 * A node as a parameter's value, quoted where it must be: an IP address, `unknown`, or a name as `_gw1`.
 * @throws TypeError if it holds what cannot be quoted
 */
export function serializeForwardedNode(name: string, port?: number): string {
  const host = isIPv6(name) ? `[${name}]` : name
  const node = port === undefined ? host : `${host}:${port}`
  return isToken(node) ? node : quote('for', node)
}

/** IPv4, IPv6 in brackets, unknown, or a name that hides one; then perhaps a port, or a name that hides one. */
const NODE = /^(?:\[([0-9A-Fa-f:.]+)\]|([\d.]+)|unknown|_[\w.-]+)(?::(\d{1,5}|_[\w.-]+))?$/i

/** Parses a value of `for` or `by`; undefined if it is not valid. */
export function parseForwardedNode(text: string): ForwardedNode | undefined {
  const match = NODE.exec(text)
  if (match === null) return undefined
  const [, v6, v4, port] = match
  if ((v6 !== undefined && isIP(v6) !== 6) || (v4 !== undefined && isIP(v4) !== 4)) return undefined
  return { address: v6 ?? v4, port }
}

/**
 * Parses X-Forwarded-For: addresses with or without port, IPv6 with or without brackets, the nearest party last.
 * What is no address is undefined in its place: who reads from the right stops there. Empty members are none (`listMembers`).
 */
export function parseXForwardedFor(value: string): (string | undefined)[] {
  return listMembers(value).map((text) => {
    return isIPv6(text) && !text.includes('%') ? text : parseForwardedNode(text)?.address
  })
}

interface Cursor {
  readonly text: string
  at: number
}

const EMPTY: ForwardedElement = Object.freeze({})
const HTAB = 0x09
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const SEMICOLON = 0x3b
const EQUALS = 0x3d
const BACKSLASH = 0x5c

/** Parses up to a comma or the end. White space around ";" is none of the grammar's, but common and harmless. */
function parseElement(cursor: Cursor): ForwardedElement | undefined {
  // No prototype: a parameter may be called __proto__.
  let element: Record<string, string> | undefined
  for (;;) {
    skipBlanks(cursor)
    const name = takeToken(cursor).toLowerCase()
    if (name !== '') {
      if (cursor.text.charCodeAt(cursor.at++) !== EQUALS) return undefined
      const value = cursor.text.charCodeAt(cursor.at) === QUOTE ? takeQuoted(cursor) : takeToken(cursor)
      element ??= Object.create(null) as Record<string, string>
      // Each parameter at most once (RFC 7239 section 4).
      if (value === undefined || value === '' || name in element) return undefined
      element[name] = value
      skipBlanks(cursor)
    }
    const code = cursor.text.charCodeAt(cursor.at)
    if (cursor.at >= cursor.text.length || code === COMMA) return element ?? EMPTY
    if (code !== SEMICOLON) return undefined
    cursor.at++
  }
}

function skipBlanks(cursor: Cursor): void {
  let code = cursor.text.charCodeAt(cursor.at)
  while (code === SPACE || code === HTAB) code = cursor.text.charCodeAt(++cursor.at)
}

function takeToken(cursor: Cursor): string {
  const { text, at } = cursor
  let end = at
  while (end < text.length && (TOKEN_LOWER[text.charCodeAt(end)] ?? 0) !== 0) end++
  cursor.at = end
  return text.slice(at, end)
}

/** quoted-string (RFC 9110 5.6.4); undefined if it does not end or holds a control character. */
function takeQuoted(cursor: Cursor): string | undefined {
  const { text } = cursor
  let value = ''
  for (let at = cursor.at + 1; at < text.length; at++) {
    let code = text.charCodeAt(at)
    if (code === QUOTE) {
      cursor.at = at + 1
      return value
    }
    if (code === BACKSLASH) code = text.charCodeAt(++at)
    if (FIELD_VALUE[code] !== 1) return undefined
    value += String.fromCharCode(code)
  }
  return undefined
}

function quote(name: string, value: string): string {
  for (let index = 0; index < value.length; index++) {
    if (FIELD_VALUE[value.charCodeAt(index)] !== 1) {
      throw new TypeError(`the value of ${name} in Forwarded holds a control character or one beyond latin1`)
    }
  }
  return `"${value.replace(/["\\]/g, '\\$&')}"`
}
