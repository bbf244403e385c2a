import { connectionNames } from '../../fields/hop-by-hop.ts'
import type { HeaderList } from '../../message/headers.ts'

/** What belongs to one connection or one exchange, and is never stored (RFC 9111 3.1). Age is made anew. */
const UNSTORED: ReadonlySet<string> = new Set(
  [
    'age connection keep-alive proxy-connection proxy-authenticate proxy-authentication-info proxy-authorization te',
    'transfer-encoding upgrade trailer http2-settings',
  ].flatMap((names) => names.split(' ')),
)

const NO_FIELDS: ReadonlySet<string> = new Set()

/** The fields of a response that are stored: name, value, name, value. */
export function storedFields(headers: HeaderList, omitted: readonly string[] = []): string[] {
  const named = connectionNames(headers.get('connection'), NO_FIELDS)
  const fields: string[] = []
  for (let index = 0; index < headers.size; index++) {
    const name = headers.nameAt(index)
    if (UNSTORED.has(name) || named?.has(name) === true || omitted.includes(name)) continue
    fields.push(name, headers.valueAt(index))
  }
  return fields
}
