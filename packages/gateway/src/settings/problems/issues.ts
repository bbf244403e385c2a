import { type JsonSchema, schemasAt, settingsAt, takesTrue } from '../schema/schema-tree.ts'
import { didYouMean } from '../values/parsed.ts'
import { type Finding, formatPath, type Path } from './problem.ts'
import { nearestFirst, suggest } from './suggest.ts'

/** What zod finds, as far as it is used here. */
export interface SchemaIssue {
  readonly code: string
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly expected?: string
  readonly keys?: readonly string[]
  readonly errors?: readonly (readonly SchemaIssue[])[]
  readonly params?: {
    readonly part?: 'key'
    readonly allowed?: string
    readonly hint?: string | undefined
    /** Entries that were not looked at, this one and those behind it: see schema/list.ts. */
    readonly unseen?: number
  }
}

/** What the schema found, in the words of this program. */
export function findingsOf(issues: readonly SchemaIssue[], schema: JsonSchema, at: Path = []): Finding[] {
  return issues.flatMap((issue): Finding | Finding[] => {
    const path = [...at, ...issue.path]
    if (issue.code === 'invalid_union') return ofChoice(issue, schema, path)
    if (issue.code === 'unrecognized_keys')
      return (issue.keys ?? []).map((key) => unknownKey(key, schema, path))
    return { path, ...describe(issue) }
  })
}

function describe(issue: SchemaIssue): Omit<Finding, 'path'> {
  switch (issue.code) {
    case 'custom':
      return { problem: issue.message, ...issue.params }
    case 'invalid_type':
      return typeProblem(issue.expected ?? 'value')
    case 'too_small':
      return { problem: 'needs at least one entry' }
    default:
      return { problem: `is not allowed: ${issue.message}` }
  }
}

function typeProblem(expected: string): Omit<Finding, 'path'> {
  if (expected === 'array') return { problem: 'is not a list' }
  return {
    problem: expected === 'object' || expected === 'record' ? 'is not an object' : `is not a ${expected}`,
  }
}

/**
 * Where one of several forms is allowed, only the mistakes of the form that was meant are of use: the one into
 * which the value fits at least at its top.
 */
function ofChoice(issue: SchemaIssue, schema: JsonSchema, path: Path): Finding[] {
  const forms = issue.errors ?? []
  const fits = forms.find((found) =>
    found.every((part) => part.path.length > 0 || part.code === 'unrecognized_keys'),
  )
  if (fits !== undefined) return findingsOf(fits, schema, path)
  const scalar = forms.flat().find((part) => part.code === 'custom')
  const settings = settingsAt(schema, path)
  const object = `an object with ${settings.join(', ')}`
  if (scalar !== undefined) {
    const described = describe(scalar)
    const isListed = typeof described.allowed === 'string' && settings.length > 0
    return [{ path, ...described, ...(isListed && { allowed: `${described.allowed}; or ${object}` }) }]
  }
  return takesTrue(schema, path)
    ? [{ path, problem: 'is neither true, false nor an object', allowed: `true, false, or ${object}` }]
    : [{ path, problem: 'is neither false nor an object', allowed: `false, or ${object}` }]
}

function unknownKey(key: string, schema: JsonSchema, path: Path): Finding {
  const known = settingsAt(schema, path)
  if (known.includes(key))
    // Of another of several forms.
    return {
      path: [...path, key],
      part: 'key',
      problem: 'does not go with what stands beside it',
      allowed: `one of ${known.join(', ')}`,
    }
  const meant = (settings: string[]) => suggest(key, settings) ?? elsewhere(key, schema, path, settings)
  return {
    path: [...path, key],
    part: 'key',
    problem: 'is not a known setting',
    allowed: () => nearestFirst(key, settingsAt(schema, path)).join(', '),
    hint() {
      const setting = meant(settingsAt(schema, path))
      if (setting !== undefined) return didYouMean(setting)
      return isOfRoutes([...path, key], schema)
        ? `it is a setting of routes: write it in ${formatPath(path)} of a route, or of "defaults" for all routes`
        : undefined
    },
  }
}

/** Whether a path of the whole configuration is one of a route: `cache.ttl`. */
function isOfRoutes(path: Path, schema: JsonSchema): boolean {
  return path.length > 1 && path[0] !== 'routes' && schemasAt(schema, ['routes', 0, ...path]).length > 0
}

/** A setting that is written one level too high: `path` of a route is `match.path`. */
function elsewhere(key: string, schema: JsonSchema, path: Path, settings: string[]): string | undefined {
  const holder = settings.find((name) =>
    schemasAt(schema, [...path, name]).some((part) => Object.hasOwn(part.properties ?? {}, key)),
  )
  return holder === undefined ? undefined : `${holder}.${key}`
}
