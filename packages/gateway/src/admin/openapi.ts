import { packageVersion } from '../cli/package-version.ts'
import type { AdminEndpoint, AdminOperation } from './endpoint.ts'

type Paths = Record<string, Record<string, unknown>>

/** The description of all of it, in OpenAPI 3.1. */
export function openApi(endpoints: readonly AdminEndpoint[], operations: readonly AdminOperation[]): unknown {
  const paths: Paths = {}
  for (const { path, about } of endpoints) {
    paths[path] = { get: { summary: about, responses: { 200: { description: 'as described' } } } }
  }
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

function describe({ path, about, method, description }: AdminOperation): unknown {
  const { id, query = {}, body, answers, conditional } = description
  const text = { type: 'string' }
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: text,
    })),
    ...Object.entries(query).map(([name, says]) => ({ name, in: 'query', description: says, schema: text })),
    ...(conditional === true
      ? [
          {
            name: 'If-Match',
            in: 'header',
            description: 'ETag of the configuration that must be in force',
            schema: text,
          },
        ]
      : []),
  ]
  const changes = method !== 'GET'
  const all = {
    ...answers,
    401: 'the token is missing or wrong',
    ...(changes && { 403: 'not allowed from there' }),
  }
  return {
    operationId: id,
    summary: about,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: body } } },
    }),
    security: [{ token: [] }, {}],
    responses: Object.fromEntries(
      Object.entries(all).map(([status, says]) => [status, response(status, says)]),
    ),
  }
}

function response(status: string, description: string): unknown {
  return status < '400'
    ? { description, content: { 'application/json': {} } }
    : {
        description,
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      }
}
