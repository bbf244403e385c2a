import '../../settings/schema/use-zod.ts'
import { once, zod } from '../../settings/schema/library.ts'
import type { PathForm } from '@headgate/core'
import { IMPORTANCES } from '../../features/importance.ts'
import { choice } from '../../settings/values/choice.ts'
import { flag, type Kind, name, upstreamReference, whole } from '../../settings/values/kinds.ts'
import { routeAuthenticationSetting } from '../../features/authentication/setting.ts'
import { aggregateSetting } from '../../features/aggregate/setting.ts'
import { authorizationSetting } from '../../features/authorization/setting.ts'
import { corsSetting } from '../../features/cors/cors.ts'
import { apiVersionsSetting, lifecycleSetting } from '../../features/api-versions/setting.ts'
import { grpcSetting } from '../../features/grpc/setting.ts'
import { graphqlSetting } from '../../features/graphql/setting.ts'
import { matchSetting } from '../../features/match/setting.ts'
import { routePaths } from './gateway-sections.ts'
import { routeRateLimitsSetting } from '../../features/rate-limit/setting.ts'
import { oneOrMore } from '../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../settings/schema/section.ts'
import { off, oneOf, timeOrOff, value } from '../../settings/schema/setting.ts'
import { minimumByteRateSetting, routeTimeoutsSetting } from '../../features/timeouts.ts'
import { routeLimitsSetting } from '../../features/limits.ts'
import { concurrencySetting } from '../../features/concurrency.ts'
import { routeCacheSetting } from '../../features/cache/setting.ts'
import { forwardClientCertificateSetting } from '../../features/client-certificates/layer.ts'
import { filesSetting } from '../../features/files/setting.ts'
import { compressSetting } from '../../features/compress.ts'
import { csrfSetting } from '../../features/csrf.ts'
import { errorPagesSetting } from '../../features/error-pages/setting.ts'
import { eventsSetting } from '../../features/event-stream/setting.ts'
import { fallbackSetting } from '../../features/fallback.ts'
import { hstsSetting } from '../../features/hsts.ts'
import { redirectToHttpsSetting } from '../../features/redirect-to-https.ts'
import { handleSetting } from '../../features/handlers/setting.ts'
import { hedgeSetting } from '../../features/hedge.ts'
import { retrySetting } from '../../features/retry.ts'
import { headerChangesSetting } from '../../features/header-changes/header-changes.ts'
import { mirrorSetting } from '../../features/mirror.ts'
import { redirectSetting, respondSetting } from '../../features/answers.ts'
import { responseCookiesSetting } from '../../features/response-cookies.ts'
import { securityHeadersSetting } from '../../features/security-headers/setting.ts'
import { rewriteSetting } from '../../features/rewrite/rewrite.ts'
import { splitSetting } from '../../features/split/setting.ts'
import { transformSetting } from '../../features/transform/setting.ts'
import { validateSetting } from '../../features/validation/setting.ts'
import { webSocketSetting } from '../../features/web-socket/setting.ts'

/** What a route may share with others. Without defaults: what is left out in one place may stand in another. */
const settings = {
  match: matchSetting().describe('Which requests take this route; an empty one matches all.').optional(),
  priority: value(
    whole(-100, 100),
    'Routes with a higher one are looked at first, however specific the others are.',
  ).optional(),
  apiVersions: apiVersionsSetting()
    .describe(
      'The versions of an API that this route serves, each with an upstream of its own or where the route leads.',
    )
    .optional(),
  lifecycle: lifecycleSetting().describe('When this route ends, and what comes after it.').optional(),
  upstream: value(
    upstreamReference,
    'Where requests go: the name of an upstream, or the URL of a single endpoint.',
  ).optional(),
  split: splitSetting()
    .optional()
    .describe('Where requests go, in place of upstream: several upstreams by weight.'),
  aggregate: aggregateSetting()
    .optional()
    .describe('Several calls whose answers are joined, in place of upstream.'),
  redirect: redirectSetting().optional().describe('A redirect as the answer, in place of upstream.'),
  respond: respondSetting().optional().describe('A fixed answer, in place of upstream.'),
  files: filesSetting().optional().describe('The files of a folder as the answer, in place of upstream.'),
  handle: handleSetting().optional(),
  mirror: mirrorSetting().optional().describe('A second upstream that gets copies of requests.'),
  rewrite: rewriteSetting()
    .optional()
    .describe('Changes to the target of the request on its way to the upstream.'),
  requestHeaders: headerChangesSetting()
    .optional()
    .describe('Changes to the fields of the request on its way to the upstream.'),
  responseHeaders: headerChangesSetting()
    .optional()
    .describe('Changes to the fields of every answer on this route, errors too.'),
  paths: routePaths().optional().describe('What its paths may hold, instead of paths of the whole gateway.'),
  errorPages: errorPagesSetting()
    .optional()
    .describe('Pages of your own in place of errors; of defaults, also where no route is taken.'),
  transform: transformSetting().optional().describe('Changes to the content of requests and responses.'),
  preserveHost: value(flag, "Send the client's Host to the upstream; false: the endpoint's own.").optional(),
  timeout: timeOrOff(
    'Longest duration of a whole exchange on this route; off: none. Left out: timeouts.exchange.',
  ).optional(),
  retry: zod().union([off(), retrySetting()]).describe('Trying again what failed; false: never.').optional(),
  hedge: hedgeSetting()
    .optional()
    .describe(
      'Sending what is idempotent a second time where the first response is late; the first one wins.',
    ),
  timeouts: routeTimeoutsSetting()
    .optional()
    .describe('Besides timeout; in place of the times of the same name of the whole gateway.'),
  minimumByteRate: minimumByteRateSetting()
    .optional()
    .describe('In place of that of the whole gateway; off: none.'),
  concurrency: concurrencySetting().optional().describe('How many exchanges of this route may be under way.'),
  importance: oneOf(
    IMPORTANCES,
    'What gives way first where there is not enough for all: the line of a concurrency limit, and load shedding.',
  ).optional(),
  grpc: grpcSetting()
    .optional()
    .describe(
      'What is done for calls of gRPC. An empty one counts them, as match.grpc does, and limits nothing.',
    ),
  graphql: graphqlSetting()
    .optional()
    .describe(
      'What is taken of GraphQL. Left out: anything, but the defaults where match.graphql asks for operations.',
    ),
  fallback: fallbackSetting()
    .optional()
    .describe('What answers where the upstream fails: one of respond and upstream.'),
  cors: corsSetting()
    .describe('What pages of other origins may do (CORS). Preflights are answered here.')
    .optional(),
  authentication: routeAuthenticationSetting()
    .describe(
      'Who must prove who they are, and how: the name of one of authenticators, several names of which one is enough, or a section; false: nobody.',
    )
    .optional(),
  authorization: authorizationSetting()
    .describe('What its callers may do. Denials come before all that is allowed.')
    .optional(),
  validate: validateSetting()
    .describe(
      'What requests must be: JSON Schemas for bodies, queries, fields, cookies and parameters of the path.',
    )
    .optional(),
  webSocket: webSocketSetting()
    .optional()
    .describe(
      'What WebSockets are held to, and how they end. Left out: their bytes are passed on, and nothing is looked at.',
    ),
  events: eventsSetting()
    .optional()
    .describe('What is done for streams of Server-Sent Events; an empty section will do.'),
  rateLimit: routeRateLimitsSetting()
    .optional()
    .describe('How many requests may take this route: one limit or several, of its own or by name.'),
  forwardClientCertificate: forwardClientCertificateSetting().optional(),
  cache: routeCacheSetting()
    .describe(
      'Answering from what the upstream has answered before: true for what HTTP allows by itself, a section for more, false for none.',
    )
    .optional(),
  compress: compressSetting()
    .optional()
    .describe(
      'Compressing responses (gzip, br, zstd) for clients that accept it: true, a section for more, or false.',
    ),
  redirectToHttps: redirectToHttpsSetting()
    .optional()
    .describe(
      'Sending clients that came by plain HTTP to the same URL over TLS: true, or a section for more.',
    ),
  hsts: hstsSetting()
    .optional()
    .describe('Having browsers come to the host over TLS alone (Strict-Transport-Security); false: not.'),
  securityHeaders: securityHeadersSetting()
    .optional()
    .describe(
      'What browsers are told that pages may do, and what is taken away: recommended, strict, a section, or false.',
    ),
  responseCookies: responseCookiesSetting()
    .optional()
    .describe(
      'Hardening the cookies that responses set: true, a section, or several for cookies of different names.',
    ),
  csrf: csrfSetting()
    .optional()
    .describe(
      'Refusing what pages of other sites send in the name of who looks at them, for routes with sessions in cookies: true, or a section for more.',
    ),
  limits: routeLimitsSetting().optional().describe('Instead of the limits of the whole gateway.'),
}

/** Settings that several routes share, described once as `$defs/settings`. */
export const shared = once(() => section('SharedSettingsInput', () => settings)().meta({ id: 'settings' }))

/** Their names. */
const SHARED_SETTINGS: Kind<keyof typeof settings> = {
  ...choice(Object.keys(settings) as (keyof typeof settings)[]),
  type: 'keyof SharedSettingsInput',
}

/** One route, with what it does not say filled in. */
export const route = section('RouteInput', () => ({
  name: value(
    name,
    'Its name in logs, metrics and the admin endpoints. Left out: route-1, route-2 and so on, by position.',
  ).optional(),
  use: oneOrMore(
    name,
    'Groups whose settings it has: of two that say the same, the later one counts, and the route before both.',
  ).optional(),
  without: oneOrMore(
    SHARED_SETTINGS,
    'Settings that it takes neither from groups nor from defaults.',
  ).optional(),
  ...settings,
  match: settings.match.unwrap().prefault(nothing),
  priority: settings.priority.unwrap().prefault(0),
  preserveHost: settings.preserveHost.unwrap().prefault(true),
  retry: settings.retry.unwrap().prefault(nothing),
  importance: settings.importance.unwrap().prefault('normal'),
}))

/**
 * A route with all that holds for it: its name, and what it does not say and is as for the whole gateway. Upstreams are keys of what
 * `resolveUpstreams` returns; one of upstream, split, redirect, respond and files is there, and only one.
 */
export interface RouteConfig extends Omit<Read<typeof route>, 'name' | 'use' | 'without' | 'paths'> {
  readonly name: string
  readonly paths: PathForm
}
