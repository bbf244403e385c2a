import { type Exchange, type Item, parseDictionary, serializeItem, serializeList } from '@headgate/core'
import type { MessageSignature } from './signature-input.ts'

/**
 * The text that is signed (RFC 9421 2.5), as bytes in latin1. Host and path are those that routes see.
 * @returns the component that keeps it from being made, where the message has none such, or it is not understood
 */
export function signatureBase(
  exchange: Exchange,
  { components, written }: MessageSignature,
): Buffer | { readonly lacking: string } {
  const lines: string[] = []
  const seen = new Set<string>()
  for (const component of components) {
    const name = serializeItem(component)
    const value = seen.has(name) ? undefined : valueOf(component, exchange)
    // A component that stands there twice is a mistake (2.5, step 2.3), and so is one that no line can hold.
    if (value === undefined || /[\r\n]/.test(value)) return { lacking: name }
    seen.add(name)
    lines.push(`${name}: ${value}`)
  }
  lines.push(`"@signature-params": ${written}`)
  return Buffer.from(lines.join('\n'), 'latin1')
}

function valueOf({ bare, parameters }: Item, exchange: Exchange): string | undefined {
  const name = String(bare.value)
  if (name === '@query-param')
    return parameters.size === 1 ? queryParameter(parameters.get('name'), exchange) : undefined
  if (name.startsWith('@')) return parameters.size === 0 ? derived(name, exchange) : undefined
  if (name !== name.toLowerCase()) return undefined
  return fieldOf(name, parameters, exchange)
}

/** RFC 9421 2.2. */
function derived(name: string, { request, clientScheme }: Exchange): string | undefined {
  const { method, path, query } = request
  const authority = request.authority.text
  switch (name) {
    case '@method':
      return method
    case '@authority':
      return authority
    case '@scheme':
      return clientScheme
    case '@path':
      return path
    case '@query':
      // Also where there is none (2.2.7).
      return query === '' ? '?' : query
    case '@request-target':
      return path + query
    case '@target-uri':
      return `${clientScheme}://${authority}${path}${query}`
    default:
      return undefined
  }
}

/** One that comes several times has no one value (2.2.8). */
function queryParameter(name: Item['bare'] | undefined, { request }: Exchange): string | undefined {
  if (name?.type !== 'string') return undefined
  let wanted: string
  try {
    wanted = decodeURIComponent(name.value)
  } catch {
    return undefined
  }
  const [value, ...others] = new URLSearchParams(request.query.slice(1)).getAll(wanted)
  if (value === undefined || others.length > 0) return undefined
  return encodeURIComponent(value.toWellFormed()).replaceAll(
    /[!'()~]/g,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** RFC 9421 2.1: as it came, a member of a dictionary, or as bytes. */
function fieldOf(name: string, parameters: Item['parameters'], { request }: Exchange): string | undefined {
  const lines = request.headers.getAll(name).map((line) => line.trim())
  if (lines.length === 0) {
    if (parameters.size > 0) return undefined
    if (name === 'host') return request.authority.text
    // The gateway keeps it with the content that it measures.
    return name === 'content-length' && request.body.length !== undefined
      ? String(request.body.length)
      : undefined
  }
  if (parameters.size === 0) return lines.join(', ')
  if (parameters.size > 1) return undefined
  const member = parameters.get('key')
  if (member?.type === 'string') return memberOf(lines.join(', '), member.value)
  const isBytes = parameters.get('bs')
  return isBytes?.type === 'boolean' && isBytes.value ? lines.map(asBytes).join(', ') : undefined
}

function memberOf(field: string, key: string): string | undefined {
  const member = parseDictionary(field)?.get(key)
  return member && serializeList([member])
}

function asBytes(line: string): string {
  return serializeItem({ bare: { type: 'bytes', value: Buffer.from(line, 'latin1') }, parameters: new Map() })
}
