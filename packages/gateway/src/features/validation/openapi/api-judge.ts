import { type Exchange, fact, TrafficError } from '@headgate/core'
import { Router } from '../../../routing/router/router.ts'
import { judgeBody } from '../judge-body.ts'
import type { KnownDocuments } from '../known-documents.ts'
import { joined, type MessageJudge, type RequestJudge } from '../message-judge.ts'
import { SchemaCompiler } from '../schema-compiler.ts'
import type { ValidateConfig } from '../setting.ts'
import { type CompiledOperation, OperationCompiler } from './compile-operation.ts'
import type { ApiDocument, ApiOperation } from './document.ts'
import { judgeResponse } from './judge-response.ts'
import type { OpenapiConfig } from './setting.ts'

/** The operation that a request was found to be. */
const operationOf = fact<CompiledOperation>('operation of OpenAPI')

/** Compiles the operations of a document, and says of requests which one they are. */
export async function apiJudge(
  { openapi, limits, duplicateKeys, prototypeKeys }: ValidateConfig & { readonly openapi: OpenapiConfig },
  known: KnownDocuments,
): Promise<MessageJudge> {
  const api = known.api(openapi)
  const checksResponses = openapi.responses !== 'ignore'
  const compiling = known.operations.get(api) ?? compilerOf(api, known)
  known.operations.set(api, compiling)
  const entries: [ApiOperation, CompiledOperation][] = []
  for (const operation of operationsFor(api.operations, openapi))
    entries.push([operation, await known.inTurn(() => compiling.compile(operation, checksResponses))])
  const rules = { ...limits, duplicateKeys, prototypeKeys }
  const router = new Router(
    entries.map(([{ name, method, paths }, operation]) => {
      const { body } = operation
      const bodies = body && { ...rules, forms: body.forms, isRequired: () => body.required }
      return { name, hosts: [], paths, methods: [method], value: { operation, bodies } }
    }),
  )
  const request: RequestJudge = (exchange) => {
    const found = router.find('', exchange.request.path, exchange.request.method)
    if (found.kind !== 'found') return noOperation(exchange, found.kind === 'not_found' ? [] : found.allow)
    const { operation, bodies } = found.route
    operationOf.state(exchange, operation)
    // Coded content cannot be looked at.
    if (checksResponses) exchange.request.headers.set('accept-encoding', 'identity')
    const violations = operation.parameters.flatMap((judge) => judge(exchange, found.params))
    const verdict = bodies && judgeBody(exchange, bodies)
    return verdict instanceof Promise
      ? verdict.then((late) => joined(violations, late))
      : joined(violations, verdict ?? [])
  }
  if (!checksResponses) return { request }
  const ofResponses = {
    ...rules,
    isEnforced: openapi.responses === 'enforce',
    duplicateKeys: 'allow',
    prototypeKeys: 'allow',
  } as const
  return {
    request,
    response(exchange, response, late) {
      const operation = operationOf.of(exchange)
      return operation === undefined
        ? 'unseen'
        : judgeResponse(exchange, response, operation.responses, ofResponses, late)
    },
  }
}

function compilerOf(api: ApiDocument, { documents }: KnownDocuments): OperationCompiler {
  const compiler = new SchemaCompiler()
  return new OperationCompiler(api, documents, ({ schema }) => compiler.compile(schema))
}

/** All of a document, or the one that the route is for. */
function operationsFor(
  operations: readonly ApiOperation[],
  { operation: only }: Pick<OpenapiConfig, 'operation'>,
): readonly ApiOperation[] {
  return only === undefined ? operations : operations.filter(({ name }) => name === only)
}

function noOperation({ request }: Exchange, allow: readonly string[]): TrafficError {
  const given = { phase: 'route', replaySafe: 'unsent' } as const
  if (allow.length === 0)
    return new TrafficError('route_not_found', 'the document of the API has no such path', given)
  const error = new TrafficError(
    'method_not_allowed',
    `the document of the API has no ${request.method} of this path`,
    given,
  )
  error.allow = allow
  return error
}
