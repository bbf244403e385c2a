import type { Exchange } from '@headgate/core'
import { cookieTexts, headerTexts, type NamedTexts, pathTexts, queryTexts } from './read-parts.ts'
import { textMistakes, type TextSchema } from './text-values.ts'
import { type MessagePart, pointerStep, type Violation } from './violation.ts'

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
 * @param spelled names as the schema has them, by what they are called in what is looked at, where that differs
 */
export function judgePart(
  part: NamedPart,
  schema: TextSchema,
  spelled: ReadonlyMap<string, string> = AS_SENT,
): PartJudge {
  const textsOf = TEXTS[part]
  return (exchange) => {
    const texts = textsOf(exchange)
    if (texts === undefined) return [{ in: part, pointer: '', detail: 'is not UTF-8 in percent-encoding' }]
    return textMistakes(texts, schema).map(({ pointer, detail }) => ({
      in: part,
      pointer: spelledPointer(pointer, spelled),
      detail,
    }))
  }
}

const AS_SENT: ReadonlyMap<string, string> = new Map()

/** Names of fields have neither "/" nor "~", so that those in pointers are as they are. */
function spelledPointer(pointer: string, spelled: ReadonlyMap<string, string>): string {
  const [, name = '', rest = ''] = /^\/([^/]*)(.*)$/s.exec(pointer) ?? []
  const written = spelled.get(name)
  return written === undefined ? pointer : `${pointerStep(written)}${rest}`
}
