import type { Policy } from '@headgate/core'
import { list } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { oneOf, value } from '../../settings/schema/setting.ts'
import { filePath } from '../../settings/values/kinds.ts'
import { loggedField } from '../../settings/values/request-field.ts'

/**
 * Has the access log see fields of the request as they came: further in, forwarding and the changes of the route change them.
 * Inside of `observe`, so that they are back when it is called.
 * @param names in lower case
 */
export function loggedFields(names: readonly string[]): Policy {
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
