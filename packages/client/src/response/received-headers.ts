import type { CodedFields, HeaderList } from '@headgate/core'

/** The platform's class; its types declare as fields what are methods, which no class could override. */
const PlatformHeaders: new () => object = Headers

/** The fields of a response, which nobody can change (WHATWG Fetch 5.1, the guard "immutable"). */
class ReceivedHeaders extends PlatformHeaders {
  append(): never {
    throw immutable()
  }

  delete(): never {
    throw immutable()
  }

  set(): never {
    throw immutable()
  }
}

/** What was received, as the platform shows it: each Set-Cookie for itself, other fields of one name joined. */
export function receivedHeaders(list: HeaderList, coded: CodedFields | undefined): Headers {
  const headers = new ReceivedHeaders() as unknown as Headers
  const append = Headers.prototype.append.bind(headers)
  for (const { name, value } of list) append(name, value)
  if (coded !== undefined) append('content-encoding', coded.encoding)
  if (coded?.length !== undefined) append('content-length', coded.length)
  return headers
}

function immutable(): TypeError {
  return new TypeError(
    'the headers of a response that was received are immutable: make a new Headers of them',
  )
}
