import { invalidRequest } from './invalid-request.ts'
import { shown } from './option-check.ts'

/** What a query parameter may be; a Date is sent as `toISOString` writes it. */
export type QueryValue = string | number | bigint | boolean | Date | null | undefined

/**
 * Query parameters: what a list of values becomes, `queryArrays` says; undefined and null leave the parameter out. Also as text,
 * `URLSearchParams` or pairs of names and values.
 */
export type Query =
  | string
  | URLSearchParams
  | Iterable<readonly [name: string, value: QueryValue | readonly QueryValue[]]>
  | Readonly<Record<string, QueryValue | readonly QueryValue[]>>

/** How a list of values is written: `a=1&a=2`, `a=1,2`, `a[]=1&a[]=2` or `a[0]=1&a[1]=2`. */
export type QueryArrays = 'repeat' | 'comma' | 'brackets' | 'indices'

type Entry = readonly [name: string, value: QueryValue | readonly QueryValue[]]

/**
 * The parameters, encoded as forms encode them.
 * @throws TrafficError `invalid_request` that names the parameter whose value cannot be sent, without the value
 */
export function queryText(query: Query, arrays: QueryArrays = 'repeat'): string {
  return entriesOf(query)
    .flatMap(([name, value]) => (Array.isArray(value) ? written(name, value, arrays) : single(name, value)))
    .join('&')
}

/**
 * `query` with those of `more` in place of parameters of the same name, also where these say undefined.
 * @throws TrafficError `invalid_request`
 */
export function mergedQuery(query: Query | undefined, more: Query | undefined): Query {
  const added = more === undefined ? [] : entriesOf(more)
  const names = new Set(added.map(([name]) => name))
  const kept = query === undefined ? [] : entriesOf(query).filter(([name]) => !names.has(name))
  return [...kept, ...added]
}

/** What of `query` a URL does not say itself. @param search its own query, with or without its mark */
export function missingIn(search: string, query: Query): Query {
  if (search.length < 2) return query
  const said = new URLSearchParams(search)
  return entriesOf(query).filter(([name]) => !said.has(name))
}

/** Names and values, whatever form they were given in. */
function entriesOf(query: Query): Entry[] {
  if (typeof query === 'string') return [...new URLSearchParams(query)]
  if (typeof query !== 'object' || query === null)
    throw invalidRequest(
      `query is ${shown(query)}; allowed: an object of names and values, URLSearchParams, text, or a list of pairs`,
    )
  if (!(Symbol.iterator in query)) return Object.entries(query)
  return [...(query as Iterable<unknown>)].map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string')
      throw invalidRequest('query: a list of parameters has pairs of a name and a value as its members')
    return pair as unknown as Entry
  })
}

function single(name: string, value: unknown): string[] {
  const text = textOf(name, value)
  return text === undefined ? [] : [encoded(name, text)]
}

function written(name: string, values: readonly unknown[], arrays: QueryArrays): string[] {
  const texts = values.flatMap((each) => textOf(name, each) ?? [])
  if (texts.length === 0) return []
  switch (arrays) {
    case 'repeat':
      return texts.map((text) => encoded(name, text))
    case 'brackets':
      return texts.map((text) => encoded(`${name}[]`, text))
    case 'indices':
      return texts.map((text, index) => encoded(`${name}[${index}]`, text))
    case 'comma':
      // The commas between values are raw, those within them are not.
      return [encoded(name, '') + texts.map((text) => encoded('', text).slice(1)).join(',')]
  }
}

function encoded(name: string, value: string): string {
  return new URLSearchParams([[name, value]]).toString()
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
