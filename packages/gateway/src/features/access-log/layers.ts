import { type AccessLog, type MetricRegistry, observe, type Policy } from '@headgate/core'
import { list } from '../../settings/schema/list.ts'
import type { JsonSchema } from '../../settings/schema/schema-tree.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { oneOf, value } from '../../settings/schema/setting.ts'
import { filePath } from '../../settings/values/kinds.ts'
import { loggedField } from '../../settings/values/request-field.ts'
import { ALL_WAYS, type ExchangeRow } from '../layer.ts'
import { isWarming } from '../cache/warming/mark.ts'
import { type GraphqlRoute, isGraphqlRoute } from '../graphql/conditions.ts'
import { fieldOf, isFields } from '../../settings/problems/fields.ts'
import { routeMetrics } from '../../metrics/route-metrics.ts'
import { operationLog } from '../graphql/policy.ts'

/**
 * Has the access log see fields of the request as they came: further in, forwarding and the changes of the route change them.
 * Inside of `observe`, so that they are back when it is called.
 * @param names in lower case
 */
function loggedFields(names: readonly string[]): Policy {
  return (next) =>
    function loggedFields(exchange) {
      const { request } = exchange
      const values = names.map((name) => request.headers.get(name))
      exchange.onFinish(() => {
        for (const [index, name] of names.entries()) {
          const value = values[index]
          if (value === undefined) request.headers.delete(name)
          else request.headers.put(name, value)
        }
      })
      return next(exchange)
    }
}

/** A line has room for a few. */
const MOST = 16

/** The same for editors. */
export const recordedRules: readonly JsonSchema[] = [{ maxItems: MOST }]

const recordedNames = () =>
  list(value(loggedField)).superRefine((names, context) => {
    if (names.length <= MOST) return
    const params = { allowed: `at most ${MOST} names` }
    context.issues.push({ code: 'custom', message: `holds ${names.length} names`, input: names, params })
  })

export const accessLogSetting = section('AccessLogInput', () => ({
  path: value(filePath, 'A file, or stdout.').prefault('stdout'),
  format: oneOf(
    ['auto', 'json', 'short'],
    'How a line is written: as one JSON object (json), short for people (short, with colours at a terminal unless NO_COLOR is set), or short where stdout is a terminal and JSON elsewhere (auto).',
  ).prefault('auto'),
  headers: recordedNames()
    .prefault([])
    .describe('Fields of requests to be recorded, for headgate replay; none that may hold a secret.'),
}))

export type AccessLogConfig = Read<typeof accessLogSetting>

export const observeLayer: ExchangeRow<
  { readonly route: GraphqlRoute & { readonly name: string } },
  { readonly metrics: MetricRegistry; readonly accessLog: AccessLog | undefined }
> = {
  name: 'observe',
  once: 'exchange',
  ways: ALL_WAYS,
  about: 'counts, and writes the line of the access log, at the end of the exchange',
  build({ way, route }, { metrics, accessLog }) {
    // Lines tell of operations where they are read.
    const log = way === 'route' && isGraphqlRoute(route) ? operationLog(accessLog) : accessLog
    return observe({
      route: route.name,
      metrics: routeMetrics(metrics, route.name),
      log,
      counted: (exchange) => !isWarming(exchange),
    })
  },
  tells: ({ config: { accessLog } }) =>
    isFields(accessLog) ? { accessLog: { path: accessLog['path'], format: accessLog['format'] } } : undefined,
}

export const loggedFieldsLayer: ExchangeRow<
  { readonly config: { readonly accessLog: AccessLogConfig | false } },
  { readonly accessLog: AccessLog | undefined }
> = {
  name: 'accessLog.headers',
  once: 'exchange',
  ways: ALL_WAYS,
  about: 'keeps the fields of the request that the access log records, as they came',
  build({ config }, { accessLog }) {
    const names = config.accessLog ? config.accessLog.headers : []
    return accessLog === undefined || names.length === 0 ? undefined : loggedFields(names)
  },
  tells: ({ config: { accessLog } }) => fieldOf(accessLog, 'headers'),
}
