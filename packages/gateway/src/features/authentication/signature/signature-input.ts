import { type InnerList, type Item, parseDictionary, serializeList } from '@headgate/core'

/** A signature of a message, as its fields hold it (RFC 9421 4). */
export interface MessageSignature {
  /** What it covers, in its order: the names of components are strings. */
  readonly components: readonly Item[]
  readonly parameters: InnerList['parameters']
  /** The value of @signature-params: the same, written in the one way there is. */
  readonly written: string
  readonly signature: Uint8Array
}

/** Longer than fields that anybody needs, in characters. */
const LONGEST = 8_192
const MOST_SIGNATURES = 10
const MOST_COMPONENTS = 50

/** The signatures that these two fields hold together; undefined where they are malformed, or too much. */
export function readSignatures(input: string, signature: string): MessageSignature[] | undefined {
  if (input.length > LONGEST || signature.length > LONGEST) return undefined
  const inputs = parseDictionary(input)
  const signatures = parseDictionary(signature)
  if (inputs === undefined || signatures === undefined || inputs.size > MOST_SIGNATURES) return undefined
  const found: MessageSignature[] = []
  for (const [label, list] of inputs) {
    const member = signatures.get(label)
    if (!('items' in list) || member === undefined || !('bare' in member) || member.bare.type !== 'bytes')
      return undefined
    const { items, parameters } = list
    if (items.length > MOST_COMPONENTS || items.some(({ bare }) => bare.type !== 'string')) return undefined
    found.push({
      components: items,
      parameters,
      written: serializeList([list]),
      signature: member.bare.value,
    })
  }
  return found
}

/** The parameter, where it is a text, or a whole number. */
export function textIn({ parameters }: MessageSignature, name: string): string | undefined {
  const value = parameters.get(name)
  return value?.type === 'string' ? value.value : undefined
}

export function integerIn({ parameters }: MessageSignature, name: string): number | undefined {
  const value = parameters.get(name)
  return value?.type === 'integer' ? value.value : undefined
}
