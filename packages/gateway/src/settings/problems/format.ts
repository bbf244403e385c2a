import { styleText } from 'node:util'
import { printable } from '../../printable.ts'
import type { ConfigProblem } from './problem.ts'

/**
 * The problems as lines for a terminal, in the order of the file:
 *
 * ```
 * headgate.yaml:12:14  routes[1].match.path: "orders/**" is not a path pattern
 *     did you mean "/orders/**"?
 *     allowed: an exact path (/a/b), a prefix (/a/**) or parameters (/users/:id); it starts with "/"
 * ```
 */
export function formatProblems(problems: readonly ConfigProblem[], { color }: { color: boolean }): string {
  const style: Style = color
    ? (format, text) => styleText(format, text, { validateStream: false })
    : (_, text) => text
  const ordered = [...problems].sort(
    (a, b) =>
      Number(a.further !== undefined) - Number(b.further !== undefined) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  )
  return ordered.map((problem) => formatProblem(problem, style)).join('\n')
}

type Style = (format: 'bold' | 'red' | 'dim' | 'green', text: string) => string

function formatProblem(problem: ConfigProblem, style: Style): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':')
  const path = problem.path === '' ? '' : `${shown(problem.path)}: `
  const lines = [
    `${place === '' ? '' : `${style('bold', shown(place))}  `}${path}${style('red', shown(problem.message))}`,
  ]
  // What helps most comes first.
  if (problem.hint !== undefined) lines.push(`    ${style('green', shown(problem.hint))}`)
  if (problem.allowed !== undefined)
    lines.push(`    ${style('dim', wrapped(`allowed: ${shown(problem.allowed)}`))}`)
  return lines.join('\n')
}

const WIDTH = 100

/** Long lists in lines that a terminal shows whole, the further ones below the first word of the first. */
function wrapped(text: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= WIDTH) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join('\n             ')
}

/** A file must not be able to steer the terminal it is shown on. */
function shown(text: string): string {
  return printable(text).replaceAll('\n', '\n    ')
}
