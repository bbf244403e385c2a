import type { RouteInput, ValidateInput } from '../config/input/input.ts'
import type { Handle } from '../features/handlers/answer-by-code.ts'

/** A JSON Schema (2020-12). */
export type JsonSchemaInput = Readonly<Record<string, unknown>>

/** What answers requests of one method at one path, and what is known of them. */
export interface AppRoute {
  readonly handle: Handle
  /** In a line, for the description. */
  readonly summary?: string | undefined
  readonly tags?: readonly string[] | undefined
  /** What requests send: what is not so is refused before the handler is asked. */
  readonly body?: JsonSchemaInput | undefined
  /** The parameters of the query, as the members of an object. */
  readonly query?: JsonSchemaInput | undefined
  /** The parameters of the path, as the members of an object. */
  readonly params?: JsonSchemaInput | undefined
  /** What comes back, by status: for the description alone. */
  readonly responses?: Readonly<Record<number, AppResponse>> | undefined
  /** More settings of the route, as in a configuration: `timeout`, `rateLimit`, `authentication`. */
  readonly settings?: Omit<RouteInput, 'match' | 'handle' | 'name'> | undefined
}

interface AppResponse {
  readonly description: string
  /** Of its JSON. */
  readonly schema?: JsonSchemaInput | undefined
}

/** A route of an app, with what its key says. */
export interface NamedRoute {
  /** As it was written: `GET /orders/:id`. */
  readonly name: string
  readonly method: string
  readonly path: string
  readonly route: AppRoute
}

const KEY = /^([A-Z]+) (\/\S*)$/

/**
 * The routes of an app by `METHOD /path`.
 * @throws TypeError that names the key that is not such a one
 */
export function namedRoutes(routes: Readonly<Record<string, Handle | AppRoute>>): NamedRoute[] {
  return Object.entries(routes).map(([name, given]) => {
    const [, method = '', path = ''] = KEY.exec(name) ?? []
    if (method === '')
      throw new TypeError(
        `createApp: the route ${JSON.stringify(name)} is not known; allowed: a method and a path, as "GET /orders/:id"`,
      )
    return { name, method, path, route: isRoute(given) ? given : { handle: given } }
  })
}

/** What a gateway has for it. */
export function routeInput({ name, method, path, route }: NamedRoute): RouteInput {
  const { handle, body, query, params, settings = {} } = route
  const validate: ValidateInput = {
    ...(body && { body: { schema: body } }),
    ...(query && { query }),
    ...(params && { params }),
    ...settings.validate,
  }
  return {
    ...settings,
    name: nameOf(name),
    match: { path, methods: [method] },
    handle,
    ...(Object.keys(validate).length > 0 && { validate }),
  }
}

/** In logs and metrics: names have no spaces and slashes. */
function nameOf(name: string): string {
  return name
    .replaceAll(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/-$/, '')
    .slice(0, 100)
}

function isRoute(given: Handle | AppRoute): given is AppRoute {
  return typeof given === 'object' && 'handle' in given
}
