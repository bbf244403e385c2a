import { MOST_NESTED } from './document.ts'
import { malformed } from './error-response.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a

/**
 * Reads JSON (RFC 8259) that every reader reads alike: two members of the same name, of which some take the first and some the
 * last (section 4), are refused.
 * @param what it is, for messages
 * @throws GraphqlRefusal
 */
export function readJson(text: string, what: string): unknown {
  // First, since what this refuses for its depth would take the parser ten times as long.
  checkMembers(text, what)
  try {
    return JSON.parse(text)
  } catch {
    throw malformed(`${what} is not JSON`)
  }
}

/** Names of one object: the first by itself, since most have few, and a set costs as much as the rest of a small object. */
type Names = string | Set<string> | undefined

/** More, nobody writes; and to compare a hundred thousand would take too long. */
const MOST_MEMBERS = 10_000

/** Of what is no JSON it may think anything: the parser will say so. */
function checkMembers(text: string, what: string): void {
  /** Of the objects and arrays that are open. */
  const open: Names[] = [undefined]
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x5b: // [
      case 0x7b: // {
        if (open.push(undefined) > MOST_NESTED)
          throw malformed(`${what} is nested more than ${MOST_NESTED} levels deep`)
        break
      case 0x5d: // ]
      case 0x7d: // }
        open.pop()
        break
      case QUOTE: {
        const end = stringEnd(text, at + 1)
        const last = open.length - 1
        if (isName(text, end)) open[last] = withName(open[last], decoded(text.slice(at, end)), what)
        at = end - 1
      }
    }
    if (open.length === 0) return
  }
}

function withName(names: Names, name: string, what: string): Names {
  if (names === undefined) return name
  const all = typeof names === 'string' ? new Set([names]) : names
  const { size } = all
  if (all.add(name).size === size) throw malformed(`${what} has two members of the same name`)
  if (size >= MOST_MEMBERS) throw malformed(`${what} has an object of more than ${MOST_MEMBERS} members`)
  return all
}

/** Behind the closing quote; the end of the text, if there is none. */
function stringEnd(text: string, from: number): number {
  let end = text.indexOf('"', from)
  while (end !== -1 && isEscaped(text, end, from)) end = text.indexOf('"', end + 1)
  return end === -1 ? text.length : end + 1
}

/** Whether an odd number of backslashes stands before it. */
function isEscaped(text: string, at: number, from: number): boolean {
  let first = at
  while (first > from && text.charCodeAt(first - 1) === BACKSLASH) first--
  return (at - first) % 2 === 1
}

function isName(text: string, from: number): boolean {
  let at = from
  while (text.charCodeAt(at) <= 0x20) at++
  return text.charCodeAt(at) === COLON
}

function decoded(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  try {
    return JSON.parse(quoted) as string
  } catch {
    return quoted
  }
}
