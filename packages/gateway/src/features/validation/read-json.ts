import { isAscii } from 'node:buffer'
import { WholeBody } from '@headgate/core'
import { scanJson } from './scan-json.ts'
import { pointerStep, type Violation } from './violation.ts'

/** What is taken of a JSON body, whatever its schema says. */
export interface JsonRules {
  readonly depth: number
  readonly values: number
  readonly duplicateKeys: 'refuse' | 'allow'
  readonly prototypeKeys: 'refuse' | 'allow'
}

export type JsonRead =
  | {
      readonly ok: true
      readonly value: unknown
      /** How many values it holds, about. */
      readonly values: number
    }
  | { readonly ok: false; readonly violation: Violation }

/**
 * Reads a JSON body that every reader reads alike: its size and structure are looked at first, and then what was parsed for
 * names that some readers take in another way.
 * @param parsed by whom it was read already, if it was
 */
export function readJson(body: WholeBody, rules: JsonRules, parsed?: { readonly value: unknown }): JsonRead {
  const { bytes } = body
  const { exceeds, values, members } = scanJson(bytes, rules)
  if (exceeds === 'depth') return refused(`is nested more than ${rules.depth} levels deep`)
  if (exceeds === 'values') return refused(`holds more than ${rules.values} values`)
  const read = parsed ?? parse(body)
  if (typeof read === 'string') return refused(read)
  const { value } = read
  if (members > 0 && (rules.duplicateKeys === 'refuse' || rules.prototypeKeys === 'refuse')) {
    const names = new NameCheck(rules.prototypeKeys === 'refuse')
    names.look(value)
    if (names.hazard !== undefined) return names.hazard
    // Parsing has left one of each name.
    if (rules.duplicateKeys === 'refuse' && names.members !== members)
      return refused('has an object with two members of the same name')
  }
  return { ok: true, value, values }
}

/** Of texts that are no bodies: what is more is no parameter. */
const TEXT_RULES: JsonRules = {
  depth: 32,
  values: 10_000,
  duplicateKeys: 'refuse',
  prototypeKeys: 'refuse',
}

/** Reads a text that is JSON; `detail`, where it is none. */
export function readJsonText(text: string): {
  readonly value?: unknown
  readonly detail?: string
  readonly count: number
} {
  const read = readJson(WholeBody.fromBytes(Buffer.from(text)), TEXT_RULES)
  return read.ok ? { value: read.value, count: read.values } : { detail: read.violation.detail, count: 1 }
}

/** What is wrong with a body whose bytes are no text. */
export const NO_UTF8 = 'is not UTF-8'

/** A body as text; undefined where its bytes are no UTF-8. */
export function utf8Text(body: WholeBody): string | undefined {
  const { bytes } = body
  try {
    return isAscii(bytes) ? body.latin1 : decoder.decode(bytes)
  } catch {
    return undefined
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The parser's own messages cite what was sent. @returns why it is none, in words */
function parse(body: WholeBody): { readonly value: unknown } | string {
  const text = utf8Text(body)
  if (text === undefined) return NO_UTF8
  if (text.charCodeAt(0) === 0xfeff) return 'begins with a byte order mark'
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return 'is not JSON'
  }
}

function refused(detail: string, pointer = ''): { ok: false; violation: Violation } {
  return { ok: false, violation: { in: 'body', pointer, detail } }
}

/** Looks at the names of all members of what was parsed; its depth is bounded by then. */
class NameCheck {
  members = 0
  hazard: ReturnType<typeof refused> | undefined
  private readonly refusesPrototypes: boolean

  constructor(refusesPrototypes: boolean) {
    this.refusesPrototypes = refusesPrototypes
  }

  look(value: unknown): void {
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) {
      for (const entry of value) if (typeof entry === 'object') this.look(entry)
      return
    }
    const fields = value as Readonly<Record<string, unknown>>
    // What was parsed inherits nothing that could be listed, and no list of names is made.
    for (const name in fields) {
      this.members++
      const member = fields[name]
      if (this.refusesPrototypes && isHazard(name, member))
        this.hazard ??= refused('has a member that changes prototypes in some programs', pointerStep(name))
      if (typeof member === 'object') this.look(member)
    }
  }
}

/** By these, a program that merges what it is sent changes all of its objects. */
function isHazard(name: string, member: unknown): boolean {
  if (name === '__proto__') return true
  return (
    name === 'constructor' &&
    typeof member === 'object' &&
    member !== null &&
    Object.hasOwn(member, 'prototype')
  )
}
