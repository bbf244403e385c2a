import { admits, inputSchema, type JsonSchema, schemasAt } from '../schema/schema-tree.ts'
import { sourceAt } from '../prepare/plain.ts'
import type { VariablePlace } from '../prepare/prepare.ts'
import { isBareVariable, type Variables } from '../prepare/variables.ts'
import type { Locate } from '../read/positions.ts'
import { HIDDEN, redactText } from '../redact-text.ts'
import { type ConfigProblem, type Finding, formatPath, type Path, valueAt } from './problem.ts'
import { isSecretRefused, refusedValue, shownKey } from '../redact.ts'
import { sectionHint } from './section-hint.ts'
import { show } from './show.ts'

/** Where a configuration comes from. */
export interface ConfigSource {
  readonly file?: string
  /** Returns where in the file something stands. */
  readonly locate?: Locate
  /** Whether texts may stand without quotes, as in YAML. */
  readonly isUnquoted?: boolean
  /** Where the values of variables come from; without it, there are none. */
  readonly variables?: Variables
  /** Where they may stand. Left out: everywhere. */
  readonly mayHoldVariables?: (path: Path) => boolean
  /** Which modules may be run, by what is written with an absolute path. Left out: all that are named. */
  readonly mayRun?: (code: string) => boolean
}

export interface WrittenInput {
  /** With the names of variables, as far as it could be read. */
  readonly written: unknown
  readonly places: readonly VariablePlace[]
}

/** The finding with its place in the file and its value in words; where variables stand, with their names. */
function placeFinding(
  finding: Finding,
  { written: input, places }: WrittenInput,
  source: ConfigSource,
  schema: JsonSchema,
): ConfigProblem {
  const part = finding.part ?? 'value'
  const path = finding.path.map(shownKey)
  const found = part === 'key' ? path.at(-1) : valueAt(input, finding.path)
  // A secret that is refused is one all the same.
  const secret = part === 'value' && isSecretRefused(input, schema, finding.path)
  const number = typeof found === 'number' || typeof found === 'bigint'
  const value = secret && (number || (typeof found === 'string' && !isBareVariable(found))) ? HIDDEN : found
  const problem = value === undefined && finding.whole !== true ? 'is missing' : finding.problem
  const whole = finding.whole === true || value === undefined
  const asRead = part === 'value' && !secret ? sourceAt(source.locate?.root, finding.path) : undefined
  const allowed = typeof finding.allowed === 'function' ? finding.allowed() : finding.allowed
  const hint = secret && number ? 'a text needs quotes' : hintOf(finding, value, asRead, places, schema)
  return {
    ...(source.file === undefined ? {} : { file: source.file }),
    ...source.locate?.(finding.path, part),
    path: formatPath(path),
    ...(value === undefined ? {} : { value: refusedValue(value, secret) }),
    message: shown(whole ? problem : `${asRead ?? show(value)} ${problem}`, places),
    ...(allowed === undefined ? {} : { allowed: shown(allowed, places) }),
    ...(hint === undefined ? {} : { hint: shown(hint, places) }),
  }
}

/** The names of variables in place of their values: what was made of a value may hold it. */
function shown(text: string, places: readonly VariablePlace[]): string {
  let safe = redactText(text)
  for (const { value, written } of places) {
    if (value.length >= SHORTEST_HIDDEN) safe = safe.replaceAll(value, () => written)
  }
  return safe
}

/** Shorter texts are no secrets, and would be found in any sentence. */
const SHORTEST_HIDDEN = 4

function hintOf(
  { path, hint, part, problem }: Finding,
  value: unknown,
  asRead: string | undefined,
  places: readonly VariablePlace[],
  schema: JsonSchema,
): string | undefined {
  const variable =
    part === 'key' ? undefined : places.find((each) => formatPath(each.path) === formatPath(path))
  if (variable !== undefined) return `that is what ${variable.written} stands for here`
  const given = typeof hint === 'function' ? hint() : hint
  if (given !== undefined || part === 'key') return given
  if (typeof value === 'string' && /\$\{[a-z]\w*(?::-[^}]*)?\}/.test(value))
    return 'variables of the environment are written in upper case: ${NAME}'
  // What is not shown whole is not repeated either.
  const isShown = value !== HIDDEN && (typeof value !== 'string' || refusedValue(value, false) === value)
  const section = isShown ? sectionHint(value, path, problem, schema) : undefined
  if (section !== undefined) return section
  const isScalar = ['number', 'boolean', 'bigint'].includes(typeof value) || value instanceof Date
  if (!isScalar || !problem.startsWith('is not a')) return undefined
  const text = asRead ?? show(value)
  return isText(schema, path, text) ? `a text needs quotes: ${JSON.stringify(text)}` : undefined
}

function isText(schema: JsonSchema, path: Path, text: string): boolean {
  const parts = schemasAt(schema, path)
  if (admits(parts, 'number') || admits(parts, 'boolean')) return false
  return parts.some(({ type, pattern }) => {
    return type === 'string' && (typeof pattern !== 'string' || new RegExp(pattern, 'u').test(text))
  })
}

/** More of them nobody reads, and each costs time to be put into words. */
const MOST_PROBLEMS = 100

/**
 * The findings with their places; of very many the first ones, and how many there are besides.
 * @param uncounted further ones that are not among them
 */
export function firstFindings(
  findings: readonly Finding[],
  input: WrittenInput,
  source: ConfigSource,
  noun: 'mistakes' | 'warnings' = 'mistakes',
  uncounted: number = 0,
): ConfigProblem[] {
  const schema = inputSchema()
  const found = findings.filter(({ unseen }) => unseen === undefined)
  const problems = found
    .slice(0, MOST_PROBLEMS)
    .map((finding) => placeFinding(finding, input, source, schema))
  const unseen = findings.reduce((most, finding) => Math.max(most, finding.unseen ?? 0), 0)
  const more = found.length - problems.length + uncounted
  if (more === 0) return problems
  const file = source.file === undefined ? {} : { file: source.file }
  const rest =
    unseen === 0 ? '' : `; after so many, ${unseen} entries of a list or section were not looked at`
  return [
    ...problems,
    { ...file, path: '', message: `and ${more} ${noun} more${rest}`, further: more + unseen },
  ]
}

/** How many mistakes the problems tell of. */
export function countProblems(problems: readonly ConfigProblem[]): number {
  return problems.reduce((count, { further }) => count + (further ?? 1), 0)
}
