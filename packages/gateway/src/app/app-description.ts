import type { NamedRoute } from './app-route.ts'

/** What an app says of itself. */
export interface AppInfo {
  /** Default `app`. */
  readonly title?: string | undefined
  /** Default `0.0.0`. */
  readonly version?: string | undefined
  readonly description?: string | undefined
}

type Json = Readonly<Record<string, unknown>>

/** The description of an app in OpenAPI 3.1: what its routes say of themselves, and nothing that would have to be written twice. */
export function describeApp(
  { title = 'app', version = '0.0.0', description }: AppInfo,
  routes: readonly NamedRoute[],
): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const named of routes) {
    const operations = (paths[template(named.path)] ??= {})
    operations[named.method.toLowerCase()] = operation(named)
  }
  return { openapi: '3.1.0', info: { title, version, ...(description && { description }) }, paths }
}

function operation({ name, path, route }: NamedRoute): Json {
  const { summary, tags, body, responses = {} } = route
  const parameters = [
    ...parametersOf('path', withNames(path, route.params)),
    ...parametersOf('query', route.query),
  ]
  return {
    operationId: name,
    ...(summary && { summary }),
    ...(tags && { tags }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      ...Object.fromEntries(Object.entries(responses).map(([status, each]) => [status, responseOf(each)])),
      default: { description: 'a problem', content: { 'application/problem+json': { schema: PROBLEM } } },
    },
  }
}

/** RFC 9457. */
const PROBLEM = {
  type: 'object',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
  },
}

function responseOf({ description, schema }: { description: string; schema?: Json | undefined }): Json {
  return { description, ...(schema && { content: { 'application/json': { schema } } }) }
}

function parametersOf(place: 'path' | 'query', schema: Json | undefined): Json[] {
  const properties = Object.entries((schema?.['properties'] ?? {}) as Json)
  const required = new Set((schema?.['required'] ?? []) as string[])
  return properties.map(([name, each]) => ({
    name,
    in: place,
    required: place === 'path' || required.has(name),
    schema: each,
  }))
}

/** Parameters of the path of which no schema says anything are texts. */
function withNames(path: string, schema: Json | undefined): Json {
  const named = [...path.matchAll(/:([A-Za-z_]\w*)/g)].map(([, name = '']) => [name, { type: 'string' }])
  return { properties: { ...Object.fromEntries(named), ...(schema?.['properties'] as Json | undefined) } }
}

function template(path: string): string {
  return path.replaceAll(/:([A-Za-z_]\w*)/g, '{$1}')
}
