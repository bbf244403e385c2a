import { comparedText, type Exchange, type HeaderList } from '@headgate/core'

/** What was sent under each name of a part of the request that is not its body. */
export type NamedTexts = ReadonlyMap<string, readonly string[]>

/** Parameters of a query or of a form, decoded as forms are (WHATWG URL 5.1); undefined where that cannot be done. */
export function formTexts(text: string): NamedTexts | undefined {
  const texts = new Map<string, string[]>()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals))
    const value = equals === -1 ? '' : decoded(pair.slice(equals + 1))
    if (name === undefined || value === undefined) return undefined
    add(texts, name, value)
  }
  return texts
}

/** @param query with its "?" */
export function queryTexts({ request: { query } }: Exchange): NamedTexts | undefined {
  return formTexts(query.slice(1))
}

/** Fields by their names in lower case, each with its whole value (RFC 9110 5.3). */
export function headerTexts({ request: { headers } }: Exchange): NamedTexts {
  const texts = new Map<string, string[]>()
  for (let index = 0; index < headers.size; index++) {
    const name = headers.nameAt(index)
    if (!texts.has(name)) texts.set(name, [comparedText(headers.get(name) ?? '')])
  }
  return texts
}

/** Cookies (RFC 6265 4.2.1), on however many lines. */
export function cookieTexts({ request: { headers } }: Exchange): NamedTexts {
  const texts = new Map<string, string[]>()
  for (const line of cookieLines(headers))
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=')
      if (equals !== -1) add(texts, pair.slice(0, equals).trim(), unquoted(pair.slice(equals + 1).trim()))
    }
  return texts
}

/** Parameters of the path of the route, decoded. */
export function pathTexts({ params }: Exchange): NamedTexts | undefined {
  const texts = new Map<string, string[]>()
  for (const [name, text] of Object.entries(params)) {
    try {
      texts.set(name, [decodeURIComponent(text)])
    } catch {
      return undefined
    }
  }
  return texts
}

function cookieLines(headers: HeaderList): string[] {
  const lines: string[] = []
  for (let index = 0; index < headers.size; index++)
    if (headers.nameAt(index) === 'cookie') lines.push(comparedText(headers.valueAt(index)))
  return lines
}

function unquoted(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
}

function add(texts: Map<string, string[]>, name: string, value: string): void {
  const known = texts.get(name)
  if (known === undefined) texts.set(name, [value])
  else known.push(value)
}

function decoded(text: string): string | undefined {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
