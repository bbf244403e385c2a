import { list } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { oneOf, value } from '../../settings/schema/setting.ts'
import { filePath } from '../../settings/values/kinds.ts'
import { loggedField } from '../../settings/values/request-field.ts'

/** A line has room for a few. */
const MOST = 16

const loggedFields = () =>
  list(value(loggedField)).superRefine((names, context) => {
    if (names.length <= MOST) return
    const params = { allowed: `at most ${MOST} names` }
    context.issues.push({ code: 'custom', message: `holds ${names.length} names`, input: names, params })
  })

export const accessLog = section('AccessLogInput', () => ({
  path: value(filePath, 'A file, or stdout.').prefault('stdout'),
  format: oneOf(
    ['auto', 'json', 'short'],
    'How a line is written: as one JSON object (json), short for people (short, with colours at a terminal unless NO_COLOR is set), or short where stdout is a terminal and JSON elsewhere (auto).',
  ).prefault('auto'),
  headers: loggedFields()
    .prefault([])
    .describe('Fields of requests to be recorded, for headgate replay; none that may hold a secret.'),
}))

export type AccessLogConfig = Read<typeof accessLog>
