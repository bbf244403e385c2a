import type { JsonNode } from './json-tree.ts'

/** A form (WHATWG URL 5.1) as an object of JSON, whose members are texts: a name that stands several times has a list of them. */
export function formToJson(form: string): JsonNode {
  const members = new Map<string, JsonNode>()
  for (const [name, value] of new URLSearchParams(form)) {
    const text: JsonNode = { kind: 'literal', text: JSON.stringify(value) }
    const before = members.get(name)
    if (before === undefined) members.set(name, text)
    else if (before.kind === 'list') before.items.push(text)
    else members.set(name, { kind: 'list', items: [before, text] })
  }
  return { kind: 'object', members }
}

/**
 * The form that an object of JSON is: texts, numbers and truth values, or lists of them, and null for nothing.
 * @throws TypeError if a member is none of these, or the value no object
 */
export function jsonToForm(node: JsonNode): string {
  if (node.kind !== 'object') throw new TypeError('it is no object, and no form can say it')
  const form = new URLSearchParams()
  for (const [name, value] of node.members)
    for (const each of value.kind === 'list' ? value.items : [value]) append(form, name, each)
  return form.toString()
}

function append(form: URLSearchParams, name: string, value: JsonNode): void {
  if (value.kind !== 'literal')
    throw new TypeError('a member holds a list or an object, which no form can say')
  if (value.text === 'null') return
  form.append(name, value.text.startsWith('"') ? (JSON.parse(value.text) as string) : value.text)
}
