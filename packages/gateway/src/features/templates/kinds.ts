import { VARIABLE_NAMES } from './variables.ts'
import { canonicalPath, InvalidTarget } from '@headgate/core'
import { TEMPLATE } from '../../settings/schema/schema-tree.ts'
import { type Kind, textKind } from '../../settings/values/kinds.ts'
import { parsed, type Parsed, refused } from '../../settings/values/parsed.ts'
import { fieldTemplate } from './field-template.ts'
import { Template, type TemplatePart } from './template.ts'
import { UrlTemplate } from './url-template.ts'

const AS_TEMPLATE = { $comment: TEMPLATE }

/** Without control characters but the tab. */
const FIELD_TEXT = '^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f]*$'

const VARIABLES = `variables are ${VARIABLE_NAMES.map((name) => `\${${name}}`).join(', ')}`

/** The value of a field, or of a parameter of the query. */
export const valueTemplate: Kind<string> = textKind(
  'a text',
  `a text without control characters; ${VARIABLES}`,
  (written) => {
    // What is beyond ASCII is sent as UTF-8.
    if (/[^\t -~\u0080-\u{10ffff}]/u.test(written) || !written.isWellFormed())
      return refused('holds a character that no field may hold')
    return tried(written, () => new Template(written))
  },
  { ...AS_TEMPLATE, pattern: FIELD_TEXT },
)

export const pathTemplate: Kind<string> = textKind(
  'a path',
  `a path that starts with "/" or \${request.path}; ${VARIABLES}`,
  (written) => {
    const template = tried(written, () => new Template(written))
    if (!template.ok) return template
    if (/[?#]/.test(written)) return refused('holds a query or a fragment', 'for the query, there is "query"')
    if (written.includes('${request.query}'))
      return refused('holds a query', 'it is passed on by itself; to change it, there is "query"')
    const text = asExample(new Template(written).parts, { 'request.path': '/path' })
    if (!text.startsWith('/')) return refused('does not start with "/"')
    const canonical = canonicalPath(text)
    if (canonical instanceof InvalidTarget) return refused(`is no path: ${canonical.reason}`)
    return canonical === text
      ? parsed(written)
      : refused('is not canonical', 'such as "/a//b", which is /a/b')
  },
  { ...AS_TEMPLATE, pattern: '^(?:/|\\$\\{request\\.path\\})[^?#]*$' },
)

export const location: Kind<string> = textKind(
  'a URL or a path',
  `http://..., https://..., or a path that starts with "/" or \${request.path}, with a host that no request can choose; ${VARIABLES}`,
  (written) => {
    const value = valueTemplate.parse(written)
    if (!value.ok) return value
    const texts = new Template(written).parts.map((part) => (part.kind === 'text' ? part.text : ''))
    if (texts.some((text) => /[ \t"<>\\^`{|}]|[^\x20-\x7e]/.test(text)))
      return refused('holds a character that no URL may hold')
    return tried(written, () => new UrlTemplate(written))
  },
  // A variable may begin anywhere, in the scheme too.
  { ...AS_TEMPLATE, pattern: '^(?:https?://|/|[htps:/]*\\$\\{)[^\\u0000-\\u0020\\u007f]*$' },
)

/** Why a template cannot be the value of the field of that name, in lower case; undefined if it can. */
export function fieldProblem(name: string, written: string): string | undefined {
  const result = tried(written, () => fieldTemplate(name, written))
  return result.ok ? undefined : result.problem
}

/** Stands for values that are not known: it may be anything. */
const CHOSEN = 'chosen'

function asExample(parts: readonly TemplatePart[], examples: Readonly<Record<string, string>>): string {
  return parts.map((part) => (part.kind === 'text' ? part.text : (examples[part.name] ?? CHOSEN))).join('')
}

export function tried(written: string, make: () => unknown): Parsed<string> {
  try {
    make()
    return parsed(written)
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error))
  }
}
