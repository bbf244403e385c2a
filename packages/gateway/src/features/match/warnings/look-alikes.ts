import { fieldsOf, listOf } from '../../../settings/problems/fields.ts'
import { findEach, type Finding, type Path } from '../../../settings/problems/problem.ts'

/**
 * Texts in the language of another setting, or of another program, that are taken as they stand here and so match what nobody
 * asks for: a regular expression as a path, a pattern as a regular expression, the parameter of a path where a variable is
 * meant. Looks at the configuration as it was written; it tells only what is nearly surely not meant.
 */
export function lookAlikes(input: unknown): Finding[] {
  const whole = fieldsOf(input)
  const groups = fieldsOf(whole['groups'])
  return [
    ...inSettings(whole['defaults'], ['defaults']),
    ...findEach(Object.keys(groups), (name) => inSettings(groups[name], ['groups', name])),
    ...findEach(listOf(whole['routes']), (route, index) => inSettings(route, ['routes', index])),
  ]
}

function inSettings(written: unknown, path: Path): Finding[] {
  const { match, rewrite, redirect } = fieldsOf(written)
  const names = parametersOf(match)
  return [
    ...(match === undefined ? [] : inMatch(match, [...path, 'match'])),
    ...ofTexts(fieldsOf(rewrite)['stripPrefix'], [...path, 'rewrite', 'stripPrefix'], prefix),
    ...ofTexts(fieldsOf(rewrite)['path'], [...path, 'rewrite', 'path'], (text) => target(text, names)),
    ...ofTexts(fieldsOf(redirect)['location'], [...path, 'redirect', 'location'], (text) =>
      target(text, names),
    ),
  ]
}

function inMatch(written: unknown, path: Path): Finding[] {
  const match = fieldsOf(written)
  const inner = ['all', 'any'].flatMap((key) =>
    findEach(listOf(match[key]), (each, index) => inMatch(each, [...path, key, index])),
  )
  const values = ['headers', 'query', 'cookies'].flatMap((kind) =>
    findEach(Object.entries(fieldsOf(match[kind])), ([name, value]) =>
      ofTexts(value, [...path, kind, name], (text) => matchedValue(text, name)),
    ),
  )
  return [
    ...ofTexts(match['path'], [...path, 'path'], pathPattern),
    ...ofTexts(match['pathRegex'], [...path, 'pathRegex'], pathRegex),
    ...ofTexts(match['methods'], [...path, 'methods'], method),
    ...ofTexts(match['contentType'], [...path, 'contentType'], mediaType),
    ...ofTexts(match['accept'], [...path, 'accept'], mediaType),
    ...values,
    ...inner,
    ...(match['not'] === undefined ? [] : inMatch(match['not'], [...path, 'not'])),
  ]
}

type Told = Pick<Finding, 'problem' | 'hint'> | undefined

function ofTexts(written: unknown, path: Path, tell: (text: string) => Told): Finding[] {
  const texts: readonly unknown[] = Array.isArray(written) ? written : [written]
  return findEach(texts, (text, index): Finding[] => {
    const told = typeof text === 'string' && text.length <= LONGEST ? tell(text) : undefined
    return told === undefined ? [] : [{ path: Array.isArray(written) ? [...path, index] : path, ...told }]
  })
}

/** What is longer is no mistake of this kind. Characters. */
const LONGEST = 1000

/** Classes, ".*" and its like, groups that repeat, escapes, and anchors. A "$" in front of a name is OData's. */
const REGEX = /\[[^\]]*\](?:[+*?{$/)]|$)|\.[+*]|\([^)]*\)[+*?{$]|\\[dDwWsSb.]|^\^|\$$/

const AS_WRITTEN = 'is compared as it stands, and looks like a regular expression'

function pathPattern(text: string): Told {
  if (!REGEX.test(text) && !/\((?:\w+\|)*\w*\)/.test(text)) return undefined
  const hint = 'a regular expression stands in "pathRegex", beside the pattern of "path"'
  return { problem: AS_WRITTEN, hint }
}

function pathRegex(text: string): Told {
  const problem = 'is read as a regular expression, and looks like a pattern of "path"'
  if (/\/:[A-Za-z_]\w*(?:\/|$)/.test(text)) return { problem, hint: 'parameters stand in "path"' }
  return /[\w-]\/\*{1,2}$/.test(text)
    ? { problem, hint: 'in a regular expression "/*" is any number of slashes; all below is "/.*"' }
    : undefined
}

function method(text: string): Told {
  if (!/[*.+^$]/.test(text)) return undefined
  const hint = 'several methods are a list, as [GET, POST]; without "methods", every method matches'
  return { problem: 'is compared as it stands, and no method has such a name', hint }
}

function mediaType(text: string): Told {
  if (!/\.\+$|^\^|\$$/.test(text)) return undefined
  return { problem: AS_WRITTEN, hint: 'all of a kind is "type/*"; several are a list' }
}

/** Fields in which a star alone is a value (RFC 9110 13.1). */
const STAR_MEANS_ITSELF = new Set(['if-match', 'if-none-match', 'vary'])

function matchedValue(text: string, name: string): Told {
  if (text === '*' && !STAR_MEANS_ITSELF.has(name.toLowerCase())) {
    const hint = 'for any value, write { exists: true }'
    return { problem: 'is compared as it stands: only a star matches', hint }
  }
  if (/^[\w.-]+(?:\|[\w.-]+)+$/.test(text)) {
    const hint = `one of several is a list: ${JSON.stringify(text.split('|'))}`
    return { problem: 'is compared as it stands, with the bars in it', hint }
  }
  return REGEX.test(text)
    ? { problem: AS_WRITTEN, hint: 'a regular expression is written { regex: ... }' }
    : undefined
}

function prefix(text: string): Told {
  return /\/:[A-Za-z_]\w*(?:\/|$)/.test(text)
    ? {
        problem: 'is cut off as it stands, and looks like a pattern',
        hint: 'with parameters, use "path" and ${params.NAME}',
      }
    : undefined
}

function target(text: string, names: ReadonlySet<string>): Told {
  const problem = 'is sent as it stands'
  const [, name] = /\/:([A-Za-z_]\w*)(?=[/?#]|$)/.exec(text) ?? []
  if (name !== undefined && names.has(name))
    return { problem, hint: `the parameter ":${name}" is written \${params.${name}} here` }
  if (/\$\d/.test(text))
    return {
      problem,
      hint: 'groups of regular expressions cannot be used; parameters of match.path can: ${params.NAME}',
    }
  return /\/\*{1,2}$/.test(text) ? { problem, hint: 'the path of the request is ${request.path}' } : undefined
}

function parametersOf(match: unknown): Set<string> {
  const { path } = fieldsOf(match)
  const texts = [path].flat().filter((each) => typeof each === 'string')
  return new Set(
    texts.flatMap((text) => text.split('/').flatMap((part) => (part.startsWith(':') ? [part.slice(1)] : []))),
  )
}
