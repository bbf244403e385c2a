import { type Fields, fieldsOf } from '../../../settings/problems/fields.ts'
import { type Finding, type Path, unused } from '../../../settings/problems/problem.ts'
import { anyOfKeys, type JsonSchema, never } from '../../../settings/schema/schema-tree.ts'
import type { SectionRules } from '../../layer.ts'

/** What a document says in their place. */
const SCHEMAS = ['body', 'query', 'headers', 'cookies', 'params']
const MATCHES = ['path', 'methods']

const MAKES_ROUTES: JsonSchema = {
  type: 'object',
  required: ['routes'],
  properties: { routes: { const: true } },
}

/** Whether what a route matches is said by a document: of "validate" as it was written. */
export function makesRoutes(written: unknown): boolean {
  return fieldsOf(fieldsOf(written)['openapi'])['routes'] === true
}

/** What cannot stand beside a document, of `validate` as it was written. */
export function openapiChecks(written: unknown, path: Path, route: Fields): readonly Finding[] {
  const validate = fieldsOf(written)
  if (validate['openapi'] === undefined) return []
  const findings = SCHEMAS.filter((key) => validate[key] !== undefined).map((key) =>
    unused([...path, key], 'stands beside "openapi", whose document says it'),
  )
  if (!makesRoutes(written)) return findings
  const { operation } = fieldsOf(validate['openapi'])
  const match = fieldsOf(route['match'])
  for (const key of MATCHES)
    if (match[key] !== undefined)
      findings.push(
        unused(
          [...path.slice(0, -1), 'match', key],
          'stands in a route of which the document makes routes: it says what they match, behind "base"',
        ),
      )
  if (operation !== undefined)
    findings.push(unused([...path, 'openapi', 'operation'], 'stands beside "routes", which is all of them'))
  return findings
}

export const openapiRules: readonly SectionRules[] = [
  { at: [], rules: [never({ allOf: [{ required: ['openapi'] }, anyOfKeys(SCHEMAS)] })] },
  { at: ['openapi'], rules: [never({ ...MAKES_ROUTES, required: ['routes', 'operation'] })] },
]

/** The same of the route that it stands in. */
export const openapiRouteRule: JsonSchema = never({
  required: ['validate', 'match'],
  properties: {
    validate: { type: 'object', required: ['openapi'], properties: { openapi: MAKES_ROUTES } },
    match: { type: 'object', ...anyOfKeys(MATCHES) },
  },
})
