import { admits } from '../prepare/admits.ts'
import { type JsonSchema, schemasAt } from '../schema/schema-tree.ts'
import type { Path } from './problem.ts'

/** Which of its settings is meant where a section is written as one value: `retry: 3` means its attempts. */
const MEANT: Readonly<Record<string, string>> = {
  accessLog: 'path',
  admin: 'address',
  concurrency: 'limit',
  drain: 'timeout',
  endpoints: 'url',
  fallback: 'upstream',
  geo: 'database',
  health: 'path',
  hedge: 'delay',
  limits: 'body',
  listeners: 'address',
  match: 'path',
  minimumByteRate: 'rate',
  mirror: 'upstream',
  rateLimits: 'rate',
  redirect: 'location',
  requestId: 'header',
  respond: 'body',
  retry: 'attempts',
  rewrite: 'path',
  upstreams: 'upstream',
  versions: 'keep',
}

/** How a section or a list is written in whose place one value stands; undefined where that is not known. */
export function sectionHint(
  value: unknown,
  path: Path,
  problem: string,
  schema: JsonSchema,
): string | undefined {
  if (problem === 'is not a list') return listHint(value, path, schema)
  if (problem !== 'is not an object' && problem !== 'is neither false nor an object') return undefined
  if (value === true) return trueHint(path, schema)
  const text = scalarText(value)
  const setting = MEANT[nameOf(path)]
  if (text === undefined || setting === undefined || !takes(schema, [...path, setting], value))
    return undefined
  return `did you mean { ${setting}: ${text} }?`
}

/** `endpoints` for one of its items, and `rateLimits` for what stands there under a name. */
function nameOf(path: Path): string {
  const last = path.at(-1)
  const isItem = typeof last === 'number' || (path.length === 2 && path[0] === 'rateLimits')
  return String(isItem ? path.at(-2) : last)
}

function listHint(value: unknown, path: Path, schema: JsonSchema): string | undefined {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return 'a list of one is written [{ ... }]; in YAML, each item of a list may stand in lines of its own, behind "- "'
  const text = scalarText(value)
  return text === undefined || !takes(schema, [...path, 0], value) ? undefined : `did you mean [${text}]?`
}

function trueHint(path: Path, schema: JsonSchema): string | undefined {
  const sections = schemasAt(schema, path).filter(({ properties }) => properties !== undefined)
  const needsNothing = sections.some(({ required }) => !Array.isArray(required) || required.length === 0)
  return needsNothing ? 'to have it with its defaults, write {}' : undefined
}

function takes(schema: JsonSchema, path: Path, value: unknown): boolean {
  // Where a text may stand as well, a number of YAML is the text that is written there.
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^\d{1,9}$/.test(value))
  return schemasAt(schema, path).some((part) => {
    if (isNumber && admits([part], 'number')) return true
    const { pattern } = part
    const fits = typeof pattern !== 'string' || new RegExp(pattern).test(String(value))
    return typeof value === 'string' && fits && admits([part], 'string')
  })
}

/** Longer ones would not be read. Characters. */
const LONGEST = 100

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'string' || value.length > LONGEST) return undefined
  // Without quotes only where YAML reads it as that text.
  return /^\d{1,9}$|^[A-Za-z/][\w./:@%+*-]*$/.test(value) && !value.endsWith(':')
    ? value
    : JSON.stringify(value)
}
