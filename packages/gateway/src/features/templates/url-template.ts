import { canonicalAuthority, type Exchange, InvalidTarget, TrafficError } from '@headgate/core'
import type { GeoLookup } from '../geo/geo-place.ts'
import { Template, type TemplatePart } from './template.ts'
import { ASKED_HOST } from './variables.ts'

/**
 * A template of a URL or of a path that clients are sent to. Whoever sends a request must not choose the host that it leads to:
 * that comes from the configuration, or is the host that was asked for.
 */
export class UrlTemplate {
  private readonly template: Template
  /** With `ASKED_HOST` for the host that was asked for; undefined: a path, which leads to no other host. */
  private readonly authority: string | undefined

  /** @throws TypeError if it is no such template, or a request could choose the host */
  constructor(text: string, geo?: GeoLookup) {
    this.template = new Template(text, geo)
    this.authority = writtenAuthority(this.template.parts)
  }

  get isFixed(): boolean {
    return this.template.isFixed
  }

  /** @throws TrafficError if it would lead elsewhere, whatever the check of the configuration thought of it */
  expand(exchange: Exchange): string {
    const url = this.template.expand(exchange, urlText)
    const { host } = exchange.request.authority
    const isAsked = this.authority?.includes(ASKED_HOST) === true
    const expected = isAsked ? this.authority?.replaceAll(ASKED_HOST, () => host) : this.authority
    const found = readReference(url)
    if (found.kind === 'led' && found.authority === expected && !(isAsked && host === '')) return url
    const reason = 'the URL that the route makes of this request would lead to another host'
    throw new TrafficError('malformed_request', reason, { phase: 'route' })
  }
}

/** What is no part of a URL by itself becomes one segment of a path: it may be anything. */
export function urlText(value: string, part: TemplatePart): string {
  return part.kind === 'text' || part.variable.isUrlText === true ? value : escapedSegment(value)
}

function escapedSegment(value: string): string {
  return value.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@]/gu, escapedCharacter)
}

/** Values are text, header fields included: what is beyond ASCII is escaped as UTF-8. */
export function escapedCharacter(char: string): string {
  const code = char.charCodeAt(0)
  if (code > 0x7f) return encodeURIComponent(char.toWellFormed())
  return `%${code.toString(16).toUpperCase().padStart(2, '0')}`
}

type Reading =
  /** More text may yet decide where it leads. */
  | { readonly kind: 'open'; readonly authority: string | undefined }
  /** Whatever follows makes no difference. */
  | { readonly kind: 'led'; readonly authority: string | undefined }
  | { readonly kind: 'refused'; readonly problem: string }

const OWN_HOST = { kind: 'led', authority: undefined } as const

/** Where a URL or a path leads, as browsers read it: they take "\" for "/", and leave out tabs and ends of lines (WHATWG URL 4.4). */
function readReference(url: string): Reading {
  const reading = readStart(url)
  if (reading.kind !== 'open') return reading
  if (url === '/') return OWN_HOST
  return reading.authority === undefined ? noUrl(url) : ledTo(reading.authority)
}

/** The same of its first part. */
function readStart(start: string): Reading {
  const [, authority, end] = /^https?:\/\/([^/?#]*)(.?)/s.exec(start) ?? []
  if (authority !== undefined) return end === '' ? { kind: 'open', authority } : ledTo(authority)
  if ('http://'.startsWith(start) || 'https://'.startsWith(start) || start === '/')
    return { kind: 'open', authority: undefined }
  return /^\/[^/\\\0-\x20]/.test(start) ? OWN_HOST : noUrl(start)
}

function ledTo(authority: string): Reading {
  return canonicalAuthority(authority, 80) instanceof InvalidTarget
    ? { kind: 'refused', problem: 'has no host that can be asked' }
    : { kind: 'led', authority }
}

function noUrl(start: string): Reading {
  if (/^https?:/.test(start)) return { kind: 'refused', problem: 'has no host that can be asked' }
  return start.startsWith('/')
    ? { kind: 'refused', problem: 'may start with "//", and then leads to another host' }
    : { kind: 'refused', problem: 'starts with neither http://, https:// nor "/"' }
}

/** Beyond that, whatever it is depends on the request. */
const MOST_READINGS = 16

/**
 * The authority that a template leads to, whatever its variables are: each part is read with every example of what it may be.
 * @throws TypeError if there is none, or not one alone
 */
function writtenAuthority(parts: readonly TemplatePart[]): string | undefined {
  const found = new Set<string | undefined>()
  let open = new Set([''])
  for (const part of parts) {
    const values =
      part.kind === 'text' ? [part.text] : part.variable.examples.map((each) => urlText(each, part))
    const grown = new Set<string>()
    for (const start of open) {
      for (const value of values) {
        // Without a host that was asked for, nobody is sent anywhere: `expand` sees to it.
        if (value === '' && isAskedHost(part) && start.includes('//')) continue
        const reading = readStart(start + value)
        if (reading.kind === 'refused') throw new TypeError(reading.problem)
        if (reading.kind === 'led') found.add(reading.authority)
        else grown.add(start + value)
      }
    }
    open = grown
    if (open.size + found.size > MOST_READINGS) throw new TypeError(CHOSEN)
  }
  for (const url of open) {
    const reading = readReference(url)
    if (reading.kind === 'refused') throw new TypeError(reading.problem)
    found.add(reading.authority)
  }
  if (found.size !== 1) throw new TypeError(CHOSEN)
  return [...found][0]
}

const CHOSEN = 'has a host that whoever sends a request can choose'

function isAskedHost(part: TemplatePart): boolean {
  return part.kind === 'variable' && part.name === 'request.host'
}
