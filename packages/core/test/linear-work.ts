import assert from 'node:assert/strict'
import { cpuTimeOf } from '../../../scripts/testing/cpu-time.ts'

/** What a peer may repeat to make a parser look at the same text again and again. */
const REPEATED: readonly string[] = [
  ...Array.from(' \t,;=&?/\\"\'%.:-+*#@$~|!<>()[]{}^`_a0\x80\xff'),
  ', ',
  '; ',
  ' ;',
  ' a',
  ' \t',
  'a ',
  'a,',
  'a;',
  'a=',
  'a&',
  'a=b,',
  'a=b;',
  'a=b&',
  ';a=b',
  ';key',
  '&key',
  ',a;',
  '=;',
  '"a"',
  '"a",',
  '"a";r=1,',
  '\\"',
  '\\\\',
  '"\\',
  '%2',
  '%41',
  '%2e/',
  '%C3%BC',
  '/.',
  '/..',
  '/a/..',
  './',
  '../',
  '1.',
  '1.1.1.1,',
  '::1, ',
  ':1',
  '[::1]',
  'for=a,',
  'for=a;by=b,',
  '<a>,',
  '<a>;rel=b,',
  '(a',
  '()',
  '("a" ',
  '[{',
  '[]',
  '{}',
  '{"a":',
  '{a',
  '{a}',
  '...a',
  '"a":1,',
  'a b',
  'a b,',
  'a=b c,',
  'text/html,',
  'a/b;q=0,',
  'a/*;',
  'Basic ',
  'Basic a=',
  '\n',
  '\r\n',
  'a\n',
  ':\n',
  'data:\n',
  'data\r',
  'id:\n\n',
  'a: b\r\n',
  'a:\r\n',
  '${',
  '${a}',
]

/** Bytes of the largest input: a scan that begins anew at each of them takes a second and more. */
const LARGEST = 64 * 1024
/** Milliseconds of CPU below which the largest input is harmless, whatever the curve. */
const HARMLESS = 20
/** Milliseconds of CPU from which on no larger input is needed to be sure. */
const HARMFUL = 500
/** Four times the input may take four times the work; its square is sixteen times. */
const MOST_GROWTH = 8
const ROUNDS = 4

export interface LinearWork {
  /** What the input begins with, so that it gets as far as where it is repeated. Default: nothing. */
  readonly before?: readonly string[]
  /** What follows the repeats. Default: a letter, so that what is cut off at the end has to be looked at. */
  readonly behind?: readonly string[]
  /** What is repeated. Default: all that makes a parser of text look again. */
  readonly parts?: readonly string[]
}

/** Something that reads what a peer sends; what it throws is a result like any other. */
export type Parser = readonly [parse: (text: string) => unknown, work?: LinearWork]

/**
 * Runs a parser on repeats, and where those are not harmless on a quarter of them and, in doubt, on four times as many.
 * @throws AssertionError for the first repeat on which its work grows faster than the input
 */
export function assertLinear(
  name: string,
  parse: (text: string) => unknown,
  { before = [''], behind = ['x'], parts = REPEATED }: LinearWork = {},
): void {
  for (const start of before) {
    for (const end of behind) {
      for (const part of parts) {
        const growth = growthOf(parse, (size) => start + repeated(part, size) + end)
        const message = `${name}: four times as much of ${JSON.stringify(start)} and ${JSON.stringify(part)} takes ${growth.toFixed(1)} times the work`
        assert.ok(growth <= MOST_GROWTH, message)
      }
    }
  }
}

/** How many times the work four times the input takes; 1 where all of it is harmless. */
function growthOf<Input>(parse: (input: Input) => unknown, input: (size: number) => Input): number {
  const largest = input(LARGEST)
  const first = work(parse, largest)
  if (first < HARMLESS) return 1
  const quarter = input(LARGEST / 4)
  // The first look is the longest: engine and caches are cold. If that is in proportion, no other is needed.
  const proportion = first / least(parse, quarter)
  if (proportion <= MOST_GROWTH) return proportion
  if (least(parse, largest) < HARMLESS) return 1
  let growth = Infinity
  for (let round = 0; round < ROUNDS && growth > MOST_GROWTH; round++) {
    const [middle, most] = [least(parse, quarter), least(parse, largest)]
    // What else ran has made the first look of it long.
    if (most < HARMLESS) return 1
    growth = Math.min(growth, most / middle)
    // The collector of garbage begins its work somewhere: a step there is no square, which goes on.
    if (growth > MOST_GROWTH && most < HARMFUL)
      growth = Math.min(growth, least(parse, input(LARGEST * 4)) / most)
  }
  return growth
}

/** The least of several: what else runs can only make it look worse. */
function least<Input>(parse: (input: Input) => unknown, input: Input): number {
  return Math.min(work(parse, input), work(parse, input))
}

/** Milliseconds of CPU. */
function work<Input>(parse: (input: Input) => unknown, input: Input): number {
  return cpuTimeOf(() => {
    try {
      parse(input)
    } catch {
      // Refused.
    }
  })
}

const made = new Map<string, string>()

/** Flat: a text joined from pieces is flattened by whoever looks at it first. */
function repeated(part: string, size: number): string {
  const key = `${size} ${part}`
  let text = made.get(key)
  if (text === undefined) {
    text = Buffer.from(part.repeat(Math.ceil(size / part.length)), 'latin1').toString('latin1')
    made.set(key, text)
  }
  return text
}
