import assert from 'node:assert/strict'

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

/** Bytes of the input. */
const SIZE = 32 * 1024
/** Milliseconds of CPU below which the input is harmless, whatever the curve. */
const HARMLESS = 10
/** Four times the input may take four times the work; its square is sixteen times. */
const MOST_GROWTH = 9
const ROUNDS = 4

export interface LinearWork {
  /** What the input begins with, so that it gets as far as where it is repeated. Default: nothing. */
  readonly before?: readonly string[]
  /** What follows the repeats. Default: a letter, so that what is cut off at the end has to be looked at. */
  readonly behind?: readonly string[]
}

/**
 * Runs a parser on every repeat, and where that takes long, on four times as much of it, too.
 * @throws AssertionError for the first repeat on which its work grows faster than the input
 */
export function assertLinear(
  name: string,
  parse: (text: string) => unknown,
  { before = [''], behind = ['x'] }: LinearWork = {},
): void {
  for (const start of before) {
    for (const end of behind) {
      for (const part of REPEATED) check(name, parse, (size) => start + repeat(part, size) + end, part)
    }
  }
}

function check(
  name: string,
  parse: (text: string) => unknown,
  input: (size: number) => string,
  part: string,
): void {
  const [text, larger] = [input(SIZE), input(4 * SIZE)]
  if (work(parse, text) < HARMLESS || least(parse, text) < HARMLESS) return
  let growth = Infinity
  for (let round = 0; round < ROUNDS && growth > MOST_GROWTH; round++)
    growth = Math.min(growth, least(parse, larger) / least(parse, text))
  const repeated = JSON.stringify(part)
  assert.ok(
    growth <= MOST_GROWTH,
    `${name}: four times as much of ${repeated} takes ${growth.toFixed(1)} times the work`,
  )
}

/** The least of several: what else runs can only make it look worse. */
function least(parse: (text: string) => unknown, text: string): number {
  return Math.min(...[1, 2, 3].map(() => work(parse, text)))
}

/** Milliseconds of CPU; what is thrown is an answer like any other. */
function work(parse: (text: string) => unknown, text: string): number {
  const before = process.cpuUsage()
  try {
    parse(text)
  } catch {
    // Refused.
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** Flat: a text joined from pieces is flattened by whoever looks at it first. */
function repeat(part: string, size: number): string {
  return Buffer.from(part.repeat(Math.ceil(size / part.length)), 'latin1').toString('latin1')
}
