import { fieldOf } from '../../../settings/problems/fields.ts'
import type { KnownDocuments } from '../known-documents.ts'
import type { ValidateConfig } from '../setting.ts'
import type { ApiOperation } from './document.ts'

/** What a route has that operations change. */
export interface OperationRoute {
  readonly name: string
  readonly match: object
  readonly validate?: ValidateConfig | undefined
}

/** Names of routes are at most so long. */
const LONGEST = 100

/**
 * The routes that stand for one: of each operation of its document, where that is asked for, and else itself. Each says what it is for,
 * so that it is a route like any other from then on.
 * @param name that it was given, if it was
 */
export function operationRoutes<Each extends OperationRoute>(
  route: Each,
  name: string | undefined,
  known: KnownDocuments,
): readonly Each[] {
  const { validate } = route
  const { openapi } = validate ?? {}
  if (validate === undefined || openapi?.routes !== true) return [route]
  const { operations } = known.api(openapi)
  const { document, base, responses } = openapi
  return operations.map((operation) => ({
    ...route,
    name: routeName(operation, name),
    match: { ...route.match, path: operation.paths, methods: [operation.method] },
    validate: {
      ...validate,
      openapi: {
        document,
        ...(base !== undefined && { base }),
        routes: false,
        operation: operation.name,
        responses,
      },
    },
  }))
}

/** `shop.getOrder`, or `getOrder` for a route without a name of its own; without an operationId, `get-orders-id`. */
function routeName({ name, method, place }: ApiOperation, of: string | undefined): string {
  const id =
    fieldOf(place.value, 'operationId') === undefined
      ? `${method.toLowerCase()} ${name.slice(method.length + 1)}`
      : name
  const own = id.replaceAll(/[^A-Za-z0-9_.]+/g, '-').replace(/^[-_.]+|-+$/g, '') || 'operation'
  return (of === undefined ? own : `${of}.${own}`).slice(0, LONGEST)
}
