import type { Exchange } from '@headgate/core'
import { type GeoLookup, knowNothing } from '../geo/geo-place.ts'

/** What a variable stands for. Each is a part of the canonical request, or ours: it holds no control character. */
const VARIABLES: Readonly<Record<string, (exchange: Exchange, geo: GeoLookup) => string>> = {
  'api.version': ({ apiVersion }) => apiVersion,
  'client.address': ({ clientAddress }) => clientAddress,
  'geo.asn': ({ clientAddress }, geo) => geo(clientAddress).asn,
  'geo.continent': ({ clientAddress }, geo) => geo(clientAddress).continent,
  'geo.country': ({ clientAddress }, geo) => geo(clientAddress).country,
  'geo.subdivision': ({ clientAddress }, geo) => geo(clientAddress).subdivision,
  'request.host': ({ request }) => request.authority.host,
  'request.id': ({ id }) => id,
  'request.method': ({ request }) => request.method,
  'request.path': ({ request }) => request.path,
  'request.query': ({ request }) => request.query,
  'request.scheme': ({ clientScheme }) => clientScheme,
  'route.name': ({ route }) => route,
}

/** As they are written, for messages. */
export const VARIABLE_NAMES: readonly string[] = [...Object.keys(VARIABLES), 'params.NAME']

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string }

/**
 * A text with variables as `${request.path}`. They are replaced once: what they stand for is never looked at again, so that
 * nobody who chooses a path chooses a variable.
 */
export class Template {
  readonly parts: readonly TemplatePart[]
  private readonly readers: readonly (string | ((exchange: Exchange, geo: GeoLookup) => string))[]
  private readonly geo: GeoLookup

  /**
   * @param geo tells where clients are; nowhere by default
   * @throws TypeError if a variable is not known or not closed
   */
  constructor(text: string, geo: GeoLookup = knowNothing) {
    this.geo = geo
    this.parts = parseTemplate(text)
    this.readers = this.parts.map((part) => (part.kind === 'text' ? part.text : reader(part.name)))
  }

  /** Parameters of the path that it needs. */
  get params(): readonly string[] {
    return this.parts.flatMap((part) =>
      part.kind === 'variable' && part.name.startsWith(PARAMS) ? [part.name.slice(PARAMS.length)] : [],
    )
  }

  /** Whether it says the same for every request. */
  get isFixed(): boolean {
    return this.parts.every(({ kind }) => kind === 'text')
  }

  /** @param encode is given each part, and the name of the variable that it comes from; as it stands by default */
  expand(exchange: Exchange, encode?: (value: string, name: string | undefined) => string): string {
    let text = ''
    for (const [index, reader] of this.readers.entries()) {
      const value = typeof reader === 'string' ? reader : reader(exchange, this.geo)
      text += encode === undefined ? value : encode(value, this.nameAt(index))
    }
    return text
  }

  private nameAt(index: number): string | undefined {
    const part = this.parts[index]
    return part?.kind === 'variable' ? part.name : undefined
  }
}

const PARAMS = 'params.'

function parseTemplate(text: string): TemplatePart[] {
  const parts: TemplatePart[] = []
  let end = 0
  for (let start = text.indexOf('${'); start !== -1; start = text.indexOf('${', end)) {
    if (start > end) parts.push({ kind: 'text', text: text.slice(end, start) })
    const close = text.indexOf('}', start)
    if (close === -1) throw new TypeError('has "${" without "}"')
    const name = text.slice(start + 2, close)
    if (!Object.hasOwn(VARIABLES, name) && !/^params\.[A-Za-z_]\w*$/.test(name))
      throw new TypeError(`has an unknown variable "\${${name}}"`)
    parts.push({ kind: 'variable', name })
    end = close + 1
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) })
  return parts
}

function reader(name: string): (exchange: Exchange, geo: GeoLookup) => string {
  const known = VARIABLES[name]
  if (known !== undefined) return known
  const param = name.slice(PARAMS.length)
  return ({ params }) => params[param] ?? ''
}
