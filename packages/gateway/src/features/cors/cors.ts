import type { HttpRequest, Policy } from '@headgate/core'
import { fieldOf, listOf } from '../../settings/problems/fields.ts'
import type { Finding, Path } from '../../settings/problems/problem.ts'
import { list } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { boolean, timeOr0, value } from '../../settings/schema/setting.ts'
import { method } from '../../settings/values/kinds.ts'
import { token } from '../../settings/values/request-field.ts'
import type { ExchangeRow, Route } from '../layer.ts'
import type { Found } from '../../routing/router/router.ts'
import { webOrigin } from './origin.ts'
import { Pages } from './pages.ts'

export const corsSetting = section('CorsInput', () => ({
  origins: list(value(webOrigin))
    .min(1)
    .describe(
      'Pages that may read the responses: origins such as https://shop.example, https://*.shop.example, or "*" for any.',
    ),
  methods: list(value(method))
    .min(1)
    .optional()
    .describe('What they may ask by. Left out: the methods of the route.'),
  headers: list(value(token))
    .optional()
    .describe('Fields that they may send besides those that any page may. Left out: whatever they ask for.'),
  exposeHeaders: list(value(token))
    .prefault([])
    .describe('Fields of responses that they may read besides those that any page may.'),
  credentials: boolean('Whether they may send cookies and other credentials of the browser.', false),
  maxAge: timeOr0('How long a browser may remember the answer to a preflight; 0: not at all.').prefault('1h'),
  privateNetwork: boolean(
    'Whether pages of the public network may ask, where this gateway is in a private one (Private Network Access).',
    false,
  ),
}))

export type CorsConfig = Read<typeof corsSetting>

/** The method that a browser asks for by a preflight (Fetch standard 3.3.2); undefined for anything else. */
function preflightMethod({ method: sent, headers }: HttpRequest): string | undefined {
  return sent === 'OPTIONS' && headers.has('origin')
    ? headers.get('access-control-request-method')
    : undefined
}

/**
 * The route that takes a request: a preflight is for the route that takes the method that it asks for, where that one answers preflights.
 * @param find by a method
 */
export function findPreflight<Value>(
  request: HttpRequest,
  find: (method: string) => Found<Value>,
  answers: (route: Value) => boolean,
): Found<Value> {
  const asked = preflightMethod(request)
  const found = asked === undefined ? undefined : find(asked)
  return found?.kind === 'found' && answers(found.route) ? found : find(request.method)
}

/** Outside of all that refuses: a page must be able to read a refusal, too, and a preflight has no credentials. */
export const corsLayer: ExchangeRow<
  {
    readonly route: Route<'cors', CorsConfig> & {
      readonly match: { readonly methods?: readonly string[] | undefined }
    }
  },
  object,
  CorsConfig
> = {
  name: 'cors',
  once: 'exchange',
  about: 'answers the preflights of browsers, and has pages of other origins read responses',
  checks: corsChecks,
  build: ({ route: { cors, match } }) => cors && shareWithPages(cors, match.methods),
  tells: ({ route }) => route['cors'],
}

function shareWithPages(config: CorsConfig, ofRoute: readonly string[] | undefined): Policy {
  const pages = new Pages({ ...config, headers: config.headers, methods: config.methods ?? ofRoute })
  return (next) =>
    async function cors(exchange) {
      const { request } = exchange
      if (preflightMethod(request) !== undefined) return pages.preflight(request)
      // Policies of the route may change it.
      const origin = request.headers.clone()
      const response = await next(exchange)
      pages.share(origin, response.headers)
      return response
    }
}

/** With credentials, any page could act for whoever looks at it. */
export function corsChecks(written: unknown, path: Path): Finding[] {
  if (fieldOf(written, 'credentials') !== true || !listOf(fieldOf(written, 'origins')).includes('*'))
    return []
  return [
    {
      path: [...path, 'origins'],
      problem: 'lets every page act with the credentials of whoever looks at it',
      allowed: 'the origins of your own pages, where credentials is true',
    },
  ]
}
