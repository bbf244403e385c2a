import { type AdminOperation, json } from '../admin-api/operation.ts'
import { packageVersion } from '../package-version.ts'

const TEXT_TYPE = 'text/plain; charset=utf-8'

/** All that there is, with the two that tell what there is: a list for people, and a description for programs. */
export function described(operations: readonly AdminOperation[]): AdminOperation[] {
  const open = operations.filter((each) => each.open !== undefined)
  const others = operations.filter((each) => each.open === undefined)
  const all: AdminOperation[] = [overview(() => all), ...open, openApiDocument(() => all), ...others]
  return all
}

/** `/`: for whoever opens it in a browser or with curl. */
function overview(all: () => readonly AdminOperation[]): AdminOperation {
  let text: string | undefined
  return {
    method: 'GET',
    path: '/',
    about: 'this list',
    id: 'getOverview',
    open: TEXT_TYPE,
    answers: { 200: 'as described' },
    handle: () => ({ status: 200, type: TEXT_TYPE, body: (text ??= listed(all())) }),
  }
}

function listed(operations: readonly AdminOperation[]): string {
  const named = operations.map(({ method, path, about }) => ({
    call: method === 'GET' ? path : `${method} ${path}`,
    about,
  }))
  const width = Math.max(...named.map(({ call }) => call.length)) + 2
  const lines = named.map(({ call, about }) => `${call.padEnd(width)}${about}\n`)
  return `headgate: admin endpoints\n\n${lines.join('')}`
}

function openApiDocument(all: () => readonly AdminOperation[]): AdminOperation {
  let document: ReturnType<typeof json> | undefined
  return {
    method: 'GET',
    path: '/openapi.json',
    about: 'the description of all of this, in OpenAPI',
    id: 'getDescription',
    open: 'application/json',
    answers: { 200: 'as described' },
    handle: () => (document ??= json(openApi(all()))),
  }
}

/** OpenAPI 3.1. */
function openApi(operations: readonly AdminOperation[]): unknown {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of operations) {
    const at = (paths[operation.path] ??= {})
    at[operation.method.toLowerCase()] = describe(operation)
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Headgate admin API', version: packageVersion() },
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: PROBLEM },
    },
  }
}

const PROBLEM = {
  type: 'object',
  description: 'RFC 9457',
  properties: { title: { type: 'string' }, status: { type: 'integer' }, detail: { type: 'string' } },
  required: ['title', 'status', 'detail'],
}

function describe(operation: AdminOperation): unknown {
  const { path, about, method, id, open, query = {}, body, answers, conditional } = operation
  const text = { type: 'string' }
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: text,
    })),
    ...Object.entries(query).map(([name, says]) => ({ name, in: 'query', description: says, schema: text })),
    ...(conditional !== undefined
      ? [
          {
            name: 'If-Match',
            in: 'header',
            description: `ETag of the ${conditional} as it must be`,
            schema: text,
          },
        ]
      : []),
  ]
  const refusals = {
    ...answers,
    ...(open === undefined && { 401: 'the token is missing or wrong' }),
    ...(method !== 'GET' && { 403: 'not allowed from there' }),
  }
  return {
    operationId: id,
    summary: about,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: body } } },
    }),
    security: open === undefined ? [{ token: [] }, {}] : [{}],
    responses: { ...done(operation), ...refused(refusals) },
  }
}

/** Those below 400. */
function done({ open, stream, result, answers, etag, conditional }: AdminOperation): Record<string, unknown> {
  const hasEtag = conditional !== undefined || etag === true
  const headers = { ETag: { description: 'for If-Match', schema: { type: 'string' } } }
  const type = open ?? stream
  const content = type === undefined ? { 'application/json': { schema: result } } : { [type]: {} }
  const all = Object.entries(answers).filter(([status]) => status < '400')
  return Object.fromEntries(
    all.map(([status, description]) => [status, { description, ...(hasEtag && { headers }), content }]),
  )
}

/** Those of 400 and above; and what any call may come to, as a body that is no JSON. */
function refused(answers: Readonly<Record<number, string>>): Record<string, unknown> {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  const refusals = Object.entries(answers).filter(([status]) => status >= '400')
  const all = [...refusals, ['default', 'another reason, which the problem details tell'] as const]
  return Object.fromEntries(all.map(([status, description]) => [status, { description, content }]))
}
