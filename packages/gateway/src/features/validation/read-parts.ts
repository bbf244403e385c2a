import { comparedText, type Exchange, type HeaderList } from '@headgate/core'

/** What was sent under each name of a part of the request that is not its body. */
export interface NamedTexts {
  readonly texts: ReadonlyMap<string, readonly string[]>
  /** Of texts under all names: a name that comes often costs as much as many names. */
  readonly count: number
}

/**
 * Parameters of a query or of a form, decoded as forms are (WHATWG URL 5.1); undefined where that cannot be done.
 * @param most stops behind the first one beyond that number: whoever reads so many refuses them
 */
export function formTexts(text: string, most = Infinity): NamedTexts | undefined {
  return pairs(text, formDecoded, most)
}

function pairs(
  text: string,
  valueOf: (text: string) => string | undefined,
  most: number,
): NamedTexts | undefined {
  const read = new TextsRead()
  for (let at = 0; at < text.length && read.count <= most; ) {
    const and = text.indexOf('&', at)
    const end = and === -1 ? text.length : and
    const pair = text.slice(at, end)
    at = end + 1
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = formDecoded(equals === -1 ? pair : pair.slice(0, equals))
    const value = equals === -1 ? '' : valueOf(pair.slice(equals + 1))
    if (name === undefined || value === undefined) return undefined
    read.add(name, value)
  }
  return read
}

/** @param query with its "?" */
export function queryTexts({ request: { query } }: Exchange): NamedTexts | undefined {
  return formTexts(query.slice(1))
}

/** The same with values as they came, for what stands between items of a list. */
export function undecodedQuery({ request: { query } }: Exchange): NamedTexts | undefined {
  return pairs(query.slice(1), (text) => text, Infinity)
}

/** Fields by their names in lower case, each with its whole value (RFC 9110 5.3). */
export function headerTexts({ request: { headers } }: Exchange): NamedTexts {
  const read = new TextsRead()
  for (let index = 0; index < headers.size; index++) {
    const name = headers.nameAt(index)
    if (!read.texts.has(name)) read.add(name, comparedText(headers.get(name) ?? ''))
  }
  return read
}

/** Cookies (RFC 6265 4.2.1), on however many lines. */
export function cookieTexts({ request: { headers } }: Exchange): NamedTexts {
  const read = new TextsRead()
  for (const line of cookieLines(headers))
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=')
      if (equals !== -1) read.add(pair.slice(0, equals).trim(), unquoted(pair.slice(equals + 1).trim()))
    }
  return read
}

/** Parameters of the path of the route, decoded. */
export function pathTexts({ params }: Exchange): NamedTexts | undefined {
  const read = new TextsRead()
  for (const [name, text] of Object.entries(params)) {
    try {
      read.add(name, decodeURIComponent(text))
    } catch {
      return undefined
    }
  }
  return read
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

class TextsRead implements NamedTexts {
  readonly texts = new Map<string, string[]>()
  count = 0

  add(name: string, value: string): void {
    this.count++
    const known = this.texts.get(name)
    if (known === undefined) this.texts.set(name, [value])
    else known.push(value)
  }
}

/** A name or a value of a form; undefined where its escapes are no UTF-8. */
export function formDecoded(text: string): string | undefined {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
