import type { Exchange } from '@headgate/core'
import { type GeoLookup, knowNothing } from '../geo/geo-place.ts'
import { PARAMS, type Variable, variableNamed } from './variables.ts'

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string; readonly variable: Variable }

/**
 * A text with variables as `${request.path}`. They are replaced once: what they stand for is never looked at again, so that
 * nobody who chooses a path chooses a variable.
 */
export class Template {
  readonly parts: readonly TemplatePart[]
  private readonly geo: GeoLookup

  /**
   * @param geo tells where clients are; nowhere by default
   * @throws TypeError if a variable is not known or not closed
   */
  constructor(text: string, geo: GeoLookup = knowNothing) {
    this.geo = geo
    this.parts = parseTemplate(text)
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

  /** @param encode is given each part and what it stands for; as it stands by default */
  expand(exchange: Exchange, encode?: (value: string, part: TemplatePart) => string): string {
    let text = ''
    for (const part of this.parts) {
      const value = part.kind === 'text' ? part.text : part.variable.read(exchange, this.geo)
      text += encode === undefined ? value : encode(value, part)
    }
    return text
  }
}

function parseTemplate(text: string): TemplatePart[] {
  const parts: TemplatePart[] = []
  let end = 0
  for (let start = text.indexOf('${'); start !== -1; start = text.indexOf('${', end)) {
    if (text[start - 1] === '$' && start > end) {
      parts.push({ kind: 'text', text: `${text.slice(end, start - 1)}\${` })
      end = start + 2
      continue
    }
    if (start > end) parts.push({ kind: 'text', text: text.slice(end, start) })
    const close = text.indexOf('}', start)
    if (close === -1) throw new TypeError('has "${" without "}"')
    const name = text.slice(start + 2, close)
    const variable = variableNamed(name)
    if (typeof variable === 'string') throw new TypeError(variable)
    parts.push({ kind: 'variable', name, variable })
    end = close + 1
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) })
  return parts
}
