import type { Policy } from '@headgate/core'

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
