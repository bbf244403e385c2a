import type { Position, SyntaxProblem } from './positions.ts'
import type { YamlTree, YAMLError } from './yaml-tree.ts'

/** One missing character makes many errors: the first places tell all. */
const MOST_PROBLEMS = 3
/** Errors of the library that are looked at, in the order of the file. */
const MOST_ERRORS = 1_000
/** Characters of a line that are looked at on each side of a mistake: a line may be as long as the file. */
const NEAR = 1_000

/** What is wrong with the syntax of the file, the first cause first, in the words of people who write files. */
export function yamlMistakes(
  text: string,
  { documents, errors, longQuotes }: YamlTree,
  position: (offset: number) => Position,
): SyntaxProblem[] {
  const [first] = [...errors].sort((one, other) => one.pos[0] - other.pos[0])
  if (first === undefined) return severalDocuments(documents, position)
  // What is open on one line and closed by the next quote, lines later, makes errors behind it only.
  const open = longQuotes.find(({ offset }) => offset <= first.pos[0])
  const closed = open === undefined ? 0 : open.offset + open.source.length
  if (open !== undefined && first.pos[0] <= closed + 1) return [openQuote(open.offset, open.source, position)]
  const [, quote] = /^Missing closing (["'])/.exec(first.message) ?? []
  if (quote !== undefined) return [openQuote(text.lastIndexOf(quote, first.pos[0] - 1), quote, position)]
  return firstOfLines(errors, text, position)
}

/** The first mistake of each line, as far as more of them tell more. */
function firstOfLines(
  errors: readonly YAMLError[],
  text: string,
  position: (offset: number) => Position,
): SyntaxProblem[] {
  const ordered = [...errors].sort((one, other) => one.pos[0] - other.pos[0]).slice(0, MOST_ERRORS)
  const found = new Map<number, SyntaxProblem>()
  for (const [index, error] of ordered.entries()) {
    const { line } = position(Math.min(error.pos[0], text.length))
    if (found.has(line)) continue
    const problem = inWords(error, text, position)
    // Behind a mistake that can be told, what cannot be read is mostly its consequence.
    if (index === 0 || problem.message !== UNKNOWN[1]) found.set(line, problem)
    if (found.size === MOST_PROBLEMS) break
  }
  return [...found.values()]
}

function openQuote(offset: number, source: string, position: (offset: number) => Position): SyntaxProblem {
  const at = position(offset)
  const quote = source.startsWith("'") ? "'" : '"'
  return {
    message: `a text opens here with ${quote}, and is not closed on its line`,
    ...at,
    hint: `write ${quote} at the end of the text, in line ${at.line}`,
  }
}

function severalDocuments(
  documents: YamlTree['documents'],
  position: (offset: number) => Position,
): SyntaxProblem[] {
  const [, second] = documents
  if (second === undefined) return []
  const start = second.range[0]
  return [
    {
      message: 'a second configuration begins here, after "---", and a file holds one',
      ...position(start),
      hint: 'put it into a file of its own, which "-c" names, or remove the "---"',
    },
  ]
}

/** The line that a place is in, as far as it is near. */
function lineAt(text: string, offset: number): string {
  const before = text.slice(Math.max(0, offset - NEAR), offset)
  const behind = text.slice(offset, offset + NEAR)
  const end = behind.indexOf('\n')
  return before.slice(before.lastIndexOf('\n') + 1) + (end === -1 ? behind : behind.slice(0, end))
}

/** Whether `${` stands in brackets, or behind a colon or a comma of theirs. */
function holdsVariableInBrackets(line: string): boolean {
  const bracket = line.search(/[{[,:]/)
  return bracket !== -1 && line.lastIndexOf('${') > bracket && /[{[]/.test(line.replaceAll('${', ''))
}

/** Whether the value of a key in brackets, without quotes, holds `/{name}`. */
function holdsPathInBrackets(line: string): boolean {
  for (const { index } of line.matchAll(/\/\{\w+\}/g)) {
    const before = line.slice(0, index)
    const ends = ['"', "'", ','].map((end) => before.lastIndexOf(end))
    const colon = before.indexOf(':', Math.max(...ends) + 1)
    if (colon !== -1 && /^ *\S|^ *$/.test(before.slice(colon + 1)) && /[{[,]/.test(before.slice(0, colon)))
      return true
  }
  return false
}

const CHARS = 'write it in quotes'

/** By what the library says: the code, or the start of its message where a code stands for several things. */
const WORDS: readonly (readonly [test: RegExp, message: string, hint?: string])[] = [
  [/^TAB_AS_INDENT/, 'the line is indented with a tab', 'YAML is indented with spaces: two for each level'],
  [
    /Nested mappings are not allowed/,
    'this is the value of a key, and holds a key itself',
    'a text that holds ": " needs quotes; a key that holds others has no value of its own, and they stand in lines below',
  ],
  [
    /^(?:BAD_INDENT|MISSING_CHAR).*(?:flow|map|sequence|seq).*(?:must end with|sufficiently indented)/i,
    'a "{" or "[" is not closed',
    'write "}" or "]" where it ends',
  ],
  [
    /^BAD_INDENT|same column|MULTILINE_IMPLICIT_KEY|BLOCK_AS_IMPLICIT_KEY/,
    'the line is not indented as the lines around it',
    'keys of one object, and the "-" of one list, start in the same column; behind a key stands ":"',
  ],
  [
    /Implicit map keys need/,
    'this is neither a key nor part of a value',
    'behind a key stands ": " and its value',
  ],
  [
    /without - indicator/,
    'this stands in a list without "- "',
    'write "- " in front of it, or indent it as before',
  ],
  [
    /Missing , (?:or : )?between/,
    'a comma is missing before this',
    'entries within { } and [ ] have a comma between them',
  ],
  [/Missing space after :/, 'there is no space behind ":"', 'write ": "'],
  [/empty item|Unexpected ,/, 'there is a comma too many', 'remove it'],
  [/^BAD_SCALAR_START|Plain value cannot start/, 'a text cannot start with this character', CHARS],
  [
    /^BAD_DQ_ESCAPE/,
    'this is no escape sequence',
    'write a backslash as "\\\\", or use single quotes, which have no escapes',
  ],
  [
    /^TAG_RESOLVE_FAILED/,
    'a tag, as "!this" is one, means nothing here',
    'remove it; a text that starts with "!" needs quotes',
  ],
  [
    /^(?:BAD_ALIAS|ALIAS_PROPS|MULTIPLE_ANCHORS|BAD_PROP_ORDER)/,
    'an anchor (&name) or what refers to one (*name) is not written as it must be',
    'a text that starts with "&" or "*" needs quotes',
  ],
  [
    /^BAD_DIRECTIVE|directives-end/,
    'a line that starts with "%" is for YAML itself',
    'a text that starts with "%" needs quotes',
  ],
  [
    /Comments must be separated/,
    'there is no space before "#"',
    'write " #" for a comment; a text that holds "#" needs quotes',
  ],
  [
    /lock scalar/i,
    'a text of several lines ("|" or ">") is not indented as its first line',
    'indent all of its lines alike',
  ],
  [
    /flow-map-end|flow-seq-end|Unexpected [\]}]/,
    'a "}" or "]" closes nothing',
    'remove it, or write what it closes',
  ],
  [
    /^BLOCK_IN_FLOW/,
    'within { } or [ ], this is not written as it must be',
    'between entries stands a comma, and what is inside has { } or [ ] of its own',
  ],
  [
    /at node end/,
    'this stands behind a value that is complete already',
    'a text with further quotes, braces or ": " in it needs quotes around all of it; a new key needs the indentation of the others',
  ],
]

function inWords(error: YAMLError, text: string, position: (offset: number) => Position): SyntaxProblem {
  const at = position(Math.min(error.pos[0], text.length))
  const line = lineAt(text, error.pos[0])
  if (holdsVariableInBrackets(line)) {
    const message = 'a variable stands within { } or [ ] without quotes, and its own "}" ends them'
    return { message, ...at, hint: 'write it in double quotes: "${NAME}"' }
  }
  if (holdsPathInBrackets(line)) {
    const message = 'a path with "{ }" stands within { } or [ ] without quotes'
    return {
      message,
      ...at,
      hint: 'a parameter of a path is written ":id"; other texts with braces need quotes',
    }
  }
  const said = `${error.code} ${error.message}`
  const [, message, hint] = WORDS.find(([test]) => test.test(said)) ?? UNKNOWN
  return { message, ...at, ...(hint !== undefined && { hint }) }
}

const UNKNOWN = [
  /./,
  'this cannot be read as YAML',
  `a text with a character that means something in YAML needs quotes`,
] as const
