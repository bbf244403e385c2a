import type { Policy } from '@headgate/core'
import { fieldShape, removeInAnySpelling } from '../header-changes/look-alikes.ts'
import type { ExchangeRow } from '../layer.ts'
import { Template } from '../templates/template.ts'

/** What each route of a configuration says to its upstream, as far as it may be said of callers. */
interface ToldRoute {
  readonly requestHeaders?:
    | { readonly set: Readonly<Record<string, string>>; readonly add: Readonly<Record<string, string>> }
    | undefined
}

export interface ToldGateway {
  readonly authenticators: Readonly<
    Record<string, { readonly external?: { readonly upstreamHeaders: readonly string[] } | undefined }>
  >
  readonly routes: readonly ToldRoute[]
}

/** Credentials prove themselves to whoever reads them: a client may send its own where no authenticator puts others in their place. */
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'cookie'])

/**
 * On every route, whether it asks who calls or not: a service believes such a field because the gateway alone can set it, and does not
 * know by which route a request has come. In front of authentication, which sets some of them.
 */
export const callerFieldsLayer: ExchangeRow<{ readonly config: ToldGateway }> = {
  name: 'callerFields',
  once: 'exchange',
  about: 'takes out what clients send in fields by which upstreams are told who asks',
  towardsUpstream: true,
  build({ config }) {
    const names = callerFields(config)
    return names.length === 0 ? undefined : withoutFields(names)
  },
  tells: () => undefined,
}

/** Fields in which some route tells its upstream who asks, in lower case. */
function callerFields({ authenticators, routes }: ToldGateway): readonly string[] {
  const answered = Object.values(authenticators).flatMap(({ external }) => external?.upstreamHeaders ?? [])
  const templated = routes.flatMap(({ requestHeaders }) =>
    [requestHeaders?.set, requestHeaders?.add].flatMap((fields) =>
      Object.entries(fields ?? {}).flatMap(([name, value]) => (tellsCaller(value) ? [name] : [])),
    ),
  )
  return [...new Set([...answered, ...templated])].filter((name) => !CREDENTIALS.has(name)).sort()
}

function tellsCaller(template: string): boolean {
  return new Template(template).parts.some(
    (part) => part.kind === 'variable' && part.name.startsWith('identity.'),
  )
}

function withoutFields(names: readonly string[]): Policy {
  const shapes = new Set(names.map(fieldShape))
  return (next) =>
    function callerFields(exchange) {
      removeInAnySpelling(exchange.request.headers, shapes)
      return next(exchange)
    }
}
