import { RE2JS } from 're2js'

/** What a schema's pattern is matched with. */
export interface PatternTest {
  test(text: string): boolean
}

/** Ways in which the bounded repeats of a pattern may be tried, that JavaScript's own matching is trusted with. */
const MOST_TRIES = 256

/**
 * Characters that all tries may look at together, where they are made anew at each character of the text: a megabyte takes a third
 * of a second then, and the automaton is faster with more.
 */
const MOST_LOOKS = 32

const LONGEST = 2000

/**
 * A pattern of a schema, matched in time linear in the text whatever it says. JavaScript's own expressions turn back: `^(a+)+$`
 * takes years for forty letters. So they are used only where the form of the pattern leaves them next to nothing to turn back to, and
 * the automaton of RE2 for all others, which costs a few microseconds more and has no looking around and no back references.
 * @throws TypeError that says what is wrong with it
 */
export function linearPattern(pattern: string): PatternTest {
  if (pattern.length > LONGEST) throw new TypeError(`is longer than ${LONGEST} characters`)
  let native: RegExp
  try {
    native = new RegExp(pattern, 'u')
  } catch {
    throw new TypeError('is not a regular expression of ECMA-262')
  }
  if (triesLittle(pattern)) return native
  let automaton: RE2JS
  try {
    automaton = RE2JS.compile(RE2JS.translateRegExp(pattern))
  } catch {
    throw new TypeError(
      'cannot be matched in linear time: it looks around, refers back, or repeats too much; several patterns in "allOf" say the same as looking ahead',
    )
  }
  return { test: (text) => automaton.test(text) }
}

/** An escaped character, a class, any character, or the character itself: of what a group begins with, none. */
const ATOM =
  /\\(?:[dDwWsS]|u[0-9a-fA-F]{4}|[-^$\\.*+?()[\]{}|/])|\[(?:[^\]\\]|\\.)*\]|\.|[^\\^$.*+?()[\]{}|]/uy
const REPEAT = /\?|\*|\+|\{(\d+)(?:(,)(\d*))?\}/y

/**
 * Whether it is a row of single characters, anchored at the front where one of them repeats without end, of which there may be
 * one: then all that can be tried again is bounded by the text's length and a small number. A try looks at as many characters as
 * its repeats ask for, so that where there is one try for each character of the text, these are few.
 */
function triesLittle(pattern: string): boolean {
  const isAnchored = pattern.startsWith('^')
  const end = pattern.endsWith('$') && !pattern.endsWith('\\$') ? pattern.length - 1 : pattern.length
  let tries = 1
  let endless = 0
  // Characters that one try may look at: `[a-z]{1000}!` looks at a thousand, from each character of the text on.
  let width = 0
  for (let at = isAnchored ? 1 : 0; at < end; ) {
    ATOM.lastIndex = at
    if (!ATOM.test(pattern)) return false
    at = ATOM.lastIndex
    REPEAT.lastIndex = at
    const repeat = REPEAT.exec(pattern)
    if (repeat === null) {
      width++
      continue
    }
    at = REPEAT.lastIndex
    // Asking for as little as possible changes the order of the tries, and not their number.
    if (pattern[at] === '?') at++
    const [most, ways] = waysOf(repeat)
    if (most === Infinity) endless++
    else width += most
    tries *= ways
    if (tries > MOST_TRIES || endless > 1) return false
  }
  if (isAnchored && endless === 0) return true
  return (isAnchored || endless === 0) && tries * width <= MOST_LOOKS
}

function waysOf([written, least = '', comma, most]: RegExpExecArray): [most: number, ways: number] {
  if (written === '?') return [1, 2]
  if (written === '*' || written === '+' || (comma !== undefined && most === '')) return [Infinity, 1]
  if (comma === undefined) return [Number(least), 1]
  return [Number(most), Number(most) - Number(least) + 1]
}
