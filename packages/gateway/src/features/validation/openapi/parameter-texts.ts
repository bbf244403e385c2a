import type { NamedPart } from '../judge-parts.ts'
import type { TextShape } from '../text-values.ts'

/** How a parameter is written in its part of the request (OpenAPI 3.1, 4.8.12.3); `json`: its content is JSON. */
export type Style =
  | 'simple'
  | 'label'
  | 'matrix'
  | 'form'
  | 'spaceDelimited'
  | 'pipeDelimited'
  | 'deepObject'
  | 'json'

export interface Parameter {
  readonly name: string
  readonly part: NamedPart
  readonly style: Style
  readonly explode: boolean
}

export const STYLES: Readonly<Record<NamedPart, readonly Style[]>> = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form'],
}

export function isStyle(part: NamedPart, style: unknown): style is Style {
  return STYLES[part].some((each) => each === style)
}

/** What stands for a parameter, taken apart and not yet decoded; undefined where nothing does. */
export type ParameterTexts =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [name: string, text: string])[] }
  | { readonly kind: 'mistake'; readonly detail: string }
  | undefined

const TWICE: ParameterTexts = { kind: 'mistake', detail: 'comes several times' }

/**
 * Finds it. What stands between items is looked for before anything is decoded: an escaped comma belongs to an item.
 * @param sent texts by their names, as they came
 */
export function parameterTexts(
  parameter: Parameter,
  { kind, names }: TextShape,
  sent: ReadonlyMap<string, readonly string[]>,
): ParameterTexts {
  const { name, style, explode } = parameter
  if (style === 'deepObject') return deepObject(name, sent)
  const isRepeated = explode && STYLES.query.includes(style)
  if (isRepeated && kind === 'object') return spreadObject(names, sent)
  const texts = sent.get(name) ?? []
  const [text] = texts
  if (text === undefined) return undefined
  if (isRepeated && kind === 'list') return { kind, items: texts }
  if (texts.length > 1) return TWICE
  if (style === 'json') return { kind: 'text', text }
  const inner = unwrapped(text, parameter, kind)
  if (inner === undefined)
    return { kind: 'mistake', detail: `is not written in the style ${style} of the document` }
  if (kind === 'text') return { kind, text: inner }
  const pieces = inner === '' ? [] : inner.split(separatorOf(style, explode))
  if (kind === 'list') return { kind, items: pieces.map((piece) => withoutName(piece, parameter)) }
  return explode ? pairs(pieces) : alternating(pieces)
}

/** `filter[state]=open&filter[owner]=ada`. */
function deepObject(name: string, sent: ReadonlyMap<string, readonly string[]>): ParameterTexts {
  const members: [string, string][] = []
  for (const [key, texts] of sent) {
    if (!key.startsWith(`${name}[`)) continue
    const member = /^\[([^[\]]+)\]$/.exec(key.slice(name.length))?.[1]
    if (member === undefined)
      return { kind: 'mistake', detail: `is written as ${name}[member], with one member` }
    if (texts.length > 1) return TWICE
    members.push([member, texts[0] ?? ''])
  }
  return members.length === 0 ? undefined : { kind: 'object', members }
}

/** Its members are parameters beside the others: those that its schema names. */
function spreadObject(
  names: readonly string[],
  sent: ReadonlyMap<string, readonly string[]>,
): ParameterTexts {
  const members: [string, string][] = []
  for (const name of names) {
    const texts = sent.get(name) ?? []
    if (texts.length > 1) return TWICE
    for (const text of texts) members.push([name, text])
  }
  return members.length === 0 ? undefined : { kind: 'object', members }
}

/** Without what the styles of paths put before a value. */
function unwrapped(
  text: string,
  { name, style, explode }: Parameter,
  kind: TextShape['kind'],
): string | undefined {
  if (style === 'label') return text.startsWith('.') ? text.slice(1) : undefined
  if (style !== 'matrix') return text
  if (!text.startsWith(';')) return undefined
  if (explode && kind !== 'text') return text.slice(1)
  const prefix = `;${name}=`
  return text.startsWith(prefix) ? text.slice(prefix.length) : undefined
}

function separatorOf(style: Style, explode: boolean): string | RegExp {
  if (style === 'spaceDelimited') return /%20|\+| /
  if (style === 'pipeDelimited') return /\||%7c/i
  if (style === 'label' && explode) return '.'
  return style === 'matrix' && explode ? ';' : ','
}

/** Of `;id=1;id=2`, each item has the name. */
function withoutName(piece: string, { name, style, explode }: Parameter): string {
  return style === 'matrix' && explode && piece.startsWith(`${name}=`) ? piece.slice(name.length + 1) : piece
}

function pairs(pieces: readonly string[]): ParameterTexts {
  const members: [string, string][] = []
  for (const piece of pieces) {
    const equals = piece.indexOf('=')
    if (equals === -1) return { kind: 'mistake', detail: 'is not made of names with values' }
    members.push([piece.slice(0, equals), piece.slice(equals + 1)])
  }
  return { kind: 'object', members }
}

function alternating(pieces: readonly string[]): ParameterTexts {
  if (pieces.length % 2 === 1) return { kind: 'mistake', detail: 'is not made of names with values' }
  const members: [string, string][] = []
  for (let at = 0; at < pieces.length; at += 2) members.push([pieces[at] ?? '', pieces[at + 1] ?? ''])
  return { kind: 'object', members }
}
