import type { Exchange } from '@headgate/core'
import { cookieTexts, headerTexts, type NamedTexts, pathTexts, queryTexts } from './read-parts.ts'
import type { SchemaCheck } from './schema-compiler.ts'
import { objectOf, type TextReader } from './text-values.ts'
import type { MessagePart, Violation } from './violation.ts'

/** Says what is wrong with a part of a request. */
export type PartJudge = (exchange: Exchange) => readonly Violation[]

/** Parts of a request that are names with texts. */
export type NamedPart = Exclude<MessagePart, 'body'>

const TEXTS: Readonly<Record<NamedPart, (exchange: Exchange) => NamedTexts | undefined>> = {
  query: queryTexts,
  header: headerTexts,
  cookie: cookieTexts,
  path: pathTexts,
}

/**
 * Has a schema judge the names and texts of a part.
 * @param readers by names as the schema has them; those of fields are in any case
 */
export function judgePart(
  part: NamedPart,
  check: SchemaCheck,
  readers: ReadonlyMap<string, TextReader>,
): PartJudge {
  const textsOf = TEXTS[part]
  const spelled =
    part === 'header' ? new Map([...readers.keys()].map((name) => [name.toLowerCase(), name])) : undefined
  return (exchange) => {
    const texts = textsOf(exchange)
    if (texts === undefined) return [{ in: part, pointer: '', detail: 'is not UTF-8 in percent-encoding' }]
    const named = spelled === undefined ? texts : spelledAs(texts, spelled)
    const mistakes = check(objectOf(named, readers), named.size)
    return (mistakes ?? []).map((mistake) => ({ in: part, ...mistake }))
  }
}

function spelledAs(texts: NamedTexts, spelled: ReadonlyMap<string, string>): NamedTexts {
  return new Map(Array.from(texts, ([name, values]) => [spelled.get(name) ?? name, values]))
}
