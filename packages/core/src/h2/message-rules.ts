import { statusAt } from '../message/response.ts'
import type { Field } from './field.ts'
import { FieldKind } from './field-kinds.ts'
import type { FieldSection } from './field-section.ts'

/** The pseudo-header fields that a section may have. */
const PSEUDO = ['method', 'scheme', 'authority', 'path', 'status', 'protocol'] as const
type Pseudo = (typeof PSEUDO)[number]

/** Which pseudo-header fields a kind of section must have, and which it must not (RFC 9113 8.1, 8.3, RFC 8441 4). */
interface SectionRule {
  readonly section: string
  /** Bits, as `FieldSection.pseudoKinds` has them. */
  readonly required: number
  readonly forbidden: number
}

const REQUEST: SectionRule = {
  section: 'a request, RFC 9113 8.3.1',
  required: bitsOf('method', 'scheme', 'path'),
  forbidden: bitsOf('status', 'protocol'),
}
const CONNECT: SectionRule = {
  section: 'CONNECT, RFC 9113 8.5',
  required: bitsOf('method', 'authority'),
  forbidden: bitsOf('scheme', 'path', 'status', 'protocol'),
}
/** What our SETTINGS offer by SETTINGS_ENABLE_CONNECT_PROTOCOL. Content would have an end: what follows is a tunnel's (RFC 9110 9.3.6). */
const EXTENDED_CONNECT: SectionRule = {
  section: 'an extended CONNECT, RFC 8441 4',
  required: bitsOf('method', 'protocol', 'scheme', 'path'),
  forbidden: bitsOf('status'),
}
const RESPONSE: SectionRule = {
  section: 'a response, RFC 9113 8.3.2',
  required: bitsOf('status'),
  forbidden: bitsOf('method', 'scheme', 'authority', 'path', 'protocol'),
}
const TRAILERS: SectionRule = { section: 'trailers, RFC 9113 8.1', required: 0, forbidden: bitsOf(...PSEUDO) }

/** Why a section is no request's head; undefined if it is one. */
export function requestMalformation(section: FieldSection): string | undefined {
  if (section.method?.value !== 'CONNECT') return judge(section, REQUEST) ?? emptyPath(section.path)
  if (section.protocol === undefined) return judge(section, CONNECT)
  const malformed = judge(section, EXTENDED_CONNECT) ?? emptyPath(section.path)
  if (malformed !== undefined || section.contentLength === undefined) return malformed
  return 'content-length has no place (an extended CONNECT, RFC 9110 9.3.6)'
}

/** @param most the largest status that is taken */
export function responseMalformation(section: FieldSection, most: number = 599): string | undefined {
  const malformed = judge(section, RESPONSE)
  if (malformed !== undefined) return malformed
  const status = section.status?.value ?? ''
  if (status.length !== 3 || statusAt(status, 0, most) === undefined)
    return `:status is no number of three digits from 100 to ${most} (RFC 9110 15)`
  return status === '101' ? ':status is 101, which HTTP/2 does not have (RFC 9113 8.6)' : undefined
}

export function trailersMalformation(section: FieldSection): string | undefined {
  return judge(section, TRAILERS)
}

function judge(section: FieldSection, rule: SectionRule): string | undefined {
  if (section.malformed !== undefined) return section.malformed
  const { pseudoKinds } = section
  const missing = rule.required & ~pseudoKinds
  if (missing !== 0) return `:${nameIn(missing)} is missing (${rule.section})`
  const excess = rule.forbidden & pseudoKinds
  return excess === 0 ? undefined : `:${nameIn(excess)} has no place (${rule.section})`
}

function bitsOf(...names: readonly Pseudo[]): number {
  return names.reduce((bits, name) => bits | (1 << FieldKind[name]), 0)
}

/** The first of them. */
function nameIn(bits: number): string {
  return PSEUDO.find((name) => (bits & bitsOf(name)) !== 0) ?? ''
}

function emptyPath(path: Field | undefined): string | undefined {
  return path?.value === '' ? ':path is empty (RFC 9113 8.3.1)' : undefined
}
