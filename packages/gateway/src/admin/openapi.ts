import { packageVersion } from '../package-version.ts'
import type { Schema } from './schemas.ts'
import type { AdminEndpoint, AdminOperation } from './endpoint.ts'

type Paths = Record<string, Record<string, unknown>>

/** The description of all of it, in OpenAPI 3.1. */
export function openApi(endpoints: readonly AdminEndpoint[], operations: readonly AdminOperation[]): unknown {
  const paths: Paths = {}
  for (const endpoint of endpoints) paths[endpoint.path] = { get: describeEndpoint(endpoint) }
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

function describeEndpoint({ id, about, type, refusals = {} }: AdminEndpoint): unknown {
  const responses = {
    200: { description: 'as described', content: { [type]: {} } },
    ...refused(refusals),
  }
  return { operationId: id, summary: about, security: [{}], responses }
}

function describe({ path, about, method, description }: AdminOperation): unknown {
  const { id, query = {}, body, result, answers, conditional } = description
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
  const changes = method !== 'GET'
  const refusals = {
    ...answers,
    401: 'the token is missing or wrong',
    ...(changes && { 403: 'not allowed from there' }),
  }
  const etag = conditional !== undefined || description.etag === true
  return {
    operationId: id,
    summary: about,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: body } } },
    }),
    security: [{ token: [] }, {}],
    responses: { ...done(answers, result, etag), ...refused(refusals) },
  }
}

/** Those below 400. */
function done(
  answers: Readonly<Record<number, string>>,
  schema: Schema,
  etag: boolean,
): Record<string, unknown> {
  const headers = { ETag: { description: 'for If-Match', schema: { type: 'string' } } }
  const content = { 'application/json': { schema } }
  const all = Object.entries(answers).filter(([status]) => status < '400')
  return Object.fromEntries(
    all.map(([status, description]) => [status, { description, ...(etag && { headers }), content }]),
  )
}

/** Those of 400 and above; and what any call may come to, as a body that is no JSON. */
function refused(answers: Readonly<Record<number, string>>): Record<string, unknown> {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  const refusals = Object.entries(answers).filter(([status]) => status >= '400')
  const all = [...refusals, ['default', 'another reason, which the problem details tell'] as const]
  return Object.fromEntries(all.map(([status, description]) => [status, { description, content }]))
}
