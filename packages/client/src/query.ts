import { invalidRequest } from './invalid-request.ts'

/** What a query parameter may be; a Date is sent as `toISOString` writes it. */
export type QueryValue = string | number | bigint | boolean | Date | null | undefined

/**
 * Query parameters: a list of values repeats its name; undefined and null leave the parameter out. Also as text, `URLSearchParams` or
 * pairs of names and values.
 */
export type Query =
  | string
  | URLSearchParams
  | Iterable<readonly [name: string, value: QueryValue | readonly QueryValue[]]>
  | Readonly<Record<string, QueryValue | readonly QueryValue[]>>

/**
 * Names and values, whatever form they were given in.
 * @throws TrafficError `invalid_request` that names the parameter whose value cannot be sent, without the value
 */
export function parametersOf(query: Query): [name: string, value: string][] {
  if (typeof query === 'string') return [...new URLSearchParams(query)]
  if (typeof query !== 'object' || query === null)
    throw invalidRequest(
      'query: allowed are an object of names and values, URLSearchParams, text, or a list of pairs',
    )
  const given: unknown[] =
    Symbol.iterator in query ? [...(query as Iterable<unknown>)] : Object.entries(query)
  return given.flatMap((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string')
      throw invalidRequest('query: a list of parameters has pairs of a name and a value as its members')
    const [name, value] = pair as [string, unknown]
    const values: unknown[] = Array.isArray(value) ? value : [value]
    return values.flatMap((each): [string, string][] => {
      const text = textOf(name, each)
      return text === undefined ? [] : [[name, text]]
    })
  })
}

/** `query` with those of `more` in place of parameters of the same name. */
export function mergedQuery(query: Query | undefined, more: Query | undefined): Query {
  const added = more === undefined ? [] : parametersOf(more)
  const names = new Set(added.map(([name]) => name))
  const kept = query === undefined ? [] : parametersOf(query).filter(([name]) => !names.has(name))
  return [...kept, ...added]
}

function textOf(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString()
  const kind =
    typeof value === 'number' ? String(value) : `of type ${Array.isArray(value) ? 'list' : typeof value}`
  throw invalidRequest(
    `query parameter ${name} cannot be ${kind}; allowed: a string, number, boolean or Date, a list of those, or undefined to leave it out`,
  )
}
