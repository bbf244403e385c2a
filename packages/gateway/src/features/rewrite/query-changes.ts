import type { Exchange } from '@headgate/core'
import type { GeoLookup } from '../geo/geo-place.ts'
import { decoded } from '../../routing/conditions/request-values.ts'
import { Template } from '../templates/template.ts'
import { escapedCharacter } from '../templates/url-template.ts'
import type { QueryChangesConfig } from './setting.ts'

/** Changes parameters by name; all others stay octet for octet, in their order. */
export function queryChanges(config: QueryChangesConfig, geo?: GeoLookup): (exchange: Exchange) => string {
  const gone = new Set([...config.remove, ...Object.keys(config.set)])
  const added = [...Object.entries(config.set), ...Object.entries(config.add)].map(([name, value]) => {
    return { name: encodeURIComponent(name.toWellFormed()), template: new Template(value, geo) }
  })
  return (exchange) => {
    const kept = exchange.request.query
      .slice(1)
      .split('&')
      .filter((pair) => pair !== '' && !gone.has(nameOf(pair)))
    const pairs = [...kept, ...added.map(({ name, template }) => `${name}=${encoded(template, exchange)}`)]
    return pairs.length === 0 ? '' : `?${pairs.join('&')}`
  }
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=')
  return decoded(equals === -1 ? pair : pair.slice(0, equals))
}

/** Parts of the path are escaped already, and would be twice. */
function encoded(template: Template, exchange: Exchange): string {
  return template.expand(exchange, (value, part) => {
    const name = part.kind === 'variable' ? part.name : ''
    if (name.startsWith('request.headers.'))
      return value.replace(/[^A-Za-z0-9\-_.!~*'()]/gu, escapedCharacter)
    const escaped = name.startsWith('params.') || name === 'request.path'
    return encodeURIComponent((escaped ? unescaped(value) : value).toWellFormed())
  })
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
