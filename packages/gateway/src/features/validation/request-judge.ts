import type { Fields } from '../../settings/problems/fields.ts'
import { byteCheck } from './byte-check.ts'
import { fieldSchema } from './field-schema.ts'
import { type BodyRules, judgeBody } from './judge-body.ts'
import { judgePart, type PartJudge } from './judge-parts.ts'
import type { KnownDocuments } from './known-documents.ts'
import { joined, type MessageJudge, type RequestJudge } from './message-judge.ts'
import { copySchema } from './schema-copy.ts'
import { SchemaCompiler } from './schema-compiler.ts'
import { placeOf } from './schema-place.ts'
import { SCHEMA_SETTINGS, type SchemaSource, type ValidateConfig } from './setting.ts'
import { namedReaders, type TextSchema } from './text-values.ts'

/** Methods whose requests mean nothing without content (RFC 9110 9.3.3 and 9.3.4, RFC 5789). */
const WITH_CONTENT = new Set(['POST', 'PUT', 'PATCH'])

/** Compiles what a route asks of its messages. */
export async function messageJudge(config: ValidateConfig, known: KnownDocuments): Promise<MessageJudge> {
  const { openapi } = config
  if (openapi === undefined) return { request: await requestJudge(config, known) }
  const { apiJudge } = await import('./openapi/api-judge.ts')
  return apiJudge({ ...config, openapi }, known)
}

async function requestJudge(config: ValidateConfig, known: KnownDocuments): Promise<RequestJudge> {
  const { documents, folder } = known
  const compiler = new SchemaCompiler()
  const copied = (source: SchemaSource): Fields | boolean =>
    copySchema(placeOf(source, folder, documents), documents).schema
  const compiled = (schema: Fields | boolean): TextSchema => {
    return { check: compiler.compile(schema), readers: namedReaders(schema) }
  }
  const parts: PartJudge[] = []
  for (const [key, part] of SCHEMA_SETTINGS) {
    const source = config[key]
    if (source === undefined) continue
    const judge = (): PartJudge => {
      if (part !== 'header') return judgePart(part, compiled(copied(source)))
      const { schema, spelled } = fieldSchema(copied(source))
      return judgePart(part, compiled(schema), spelled)
    }
    parts.push(await known.inTurn(judge))
  }
  const { body, limits, duplicateKeys, prototypeKeys } = config
  const source = body?.schema
  const schema =
    source === undefined
      ? undefined
      : await known.inTurn((): TextSchema => {
          const copy = copied(source)
          return { ...compiled(copy), takes: byteCheck(copy) }
        })
  const rules: BodyRules | undefined = body && {
    forms: body.types.map((type) => ({ type, schema })),
    isRequired: (method) => body.required && WITH_CONTENT.has(method),
    ...limits,
    duplicateKeys,
    prototypeKeys,
  }
  return judgeOf(parts, rules)
}

function judgeOf(parts: readonly PartJudge[], rules: BodyRules | undefined): RequestJudge {
  return (exchange) => {
    const found = parts.flatMap((judge) => judge(exchange))
    const verdict = rules === undefined ? [] : judgeBody(exchange, rules)
    return verdict instanceof Promise ? verdict.then((late) => joined(found, late)) : joined(found, verdict)
  }
}
