import { parse, TomlError } from 'smol-toml'
import { DEEPEST, TOO_DEEP } from './bounds.ts'
import { locator } from './positions.ts'
import type { FileContent, SyntaxProblem } from './positions.ts'
import { tomlPositions } from './toml-positions.ts'

/** Reads TOML 1.0. */
export function readToml(text: string): FileContent {
  try {
    const input = parse(text, { maxDepth: DEEPEST })
    return { problems: [], value: { input, locate: locator(tomlPositions(text)) } }
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    return { problems: [{ ...inWords(error), line: error.line, column: error.column }] }
  }
}

/** By how the library starts. What follows the first line of its messages draws the source, which may hold a secret. */
const WORDS: readonly (readonly [test: RegExp, message: string, hint?: string])[] = [
  [/excessively nested/, TOO_DEEP],
  [/already defined/, 'this is there twice', 'keep one of them; a list of tables is written [[name]]'],
  [/unfinished (?:string|multi)/, 'a text opens here and is not closed', 'write the same quote at its end'],
  [/unfinished (?:array|table|inline)/, 'a "[" or "{" is not closed', 'write "]" or "}" where it ends'],
  [/followed by an end-of-line/, 'this stands behind a value', 'each key has a line of its own'],
  [
    /invalid value|unknown value/,
    'this is no value',
    'a text stands in quotes; other values are numbers, true and false, [lists] and {tables}',
  ],
  [/numeric|leading zero|number/, 'this is no number', 'if it is a text, write it in quotes'],
  [
    /escape/,
    'this is no escape sequence',
    'write a backslash as "\\\\", or use single quotes, which have no escapes',
  ],
  [
    / key\b|key-value/,
    'a key is not written as it must be',
    'write: name = value; a name with other characters needs quotes',
  ],
]

function inWords(error: TomlError): SyntaxProblem {
  const [said = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n')
  const [, message, hint] = WORDS.find(([test]) => test.test(said)) ?? [undefined, `this is no TOML: ${said}`]
  return { message, ...(hint !== undefined && { hint }) }
}
