import { setImmediate } from 'node:timers/promises'
import type { Exchange, TrafficError } from '@headgate/core'
import type { Fields } from '../../settings/problems/fields.ts'
import { fieldSchema } from './field-schema.ts'
import { type BodyRules, judgeBody } from './judge-body.ts'
import { judgePart, type PartJudge } from './judge-parts.ts'
import { copySchema } from './schema-copy.ts'
import { SchemaCompiler } from './schema-compiler.ts'
import { type KnownSchemas, LostReference, SchemaDocuments } from './schema-documents.ts'
import { placeOf } from './schema-place.ts'
import { SCHEMA_SETTINGS, type SchemaSource, type ValidateConfig } from './setting.ts'
import { namedReaders, type TextSchema } from './text-values.ts'
import { InvalidMessage, type Violation } from './violation.ts'

/** Says why a request is refused; undefined where it is as it should be. Rejects, or throws, where its body breaks. */
export type RequestJudge = (
  exchange: Exchange,
) => TrafficError | undefined | Promise<TrafficError | undefined>

/** Where no file was read: what stands in the configuration refers to itself alone. */
const NOTHING_READ: KnownSchemas = { folder: '/', files: {} }

/** Methods whose requests mean nothing without content (RFC 9110 9.3.3 and 9.3.4, RFC 5789). */
const WITH_CONTENT = new Set(['POST', 'PUT', 'PATCH'])

/** Compiles what a route asks of its requests, one schema after the other with other work in between. */
export async function requestJudge(
  config: ValidateConfig,
  { folder, files }: KnownSchemas = NOTHING_READ,
): Promise<RequestJudge> {
  const documents = new SchemaDocuments((file) => {
    const known = Object.hasOwn(files, file) ? files[file] : undefined
    if (known === undefined) throw new LostReference('was not read when the configuration was')
    return known.content
  })
  let compiler: SchemaCompiler | undefined
  const copied = async (source: SchemaSource): Promise<Fields | boolean> => {
    await setImmediate()
    return copySchema(placeOf(source, folder, documents), documents).schema
  }
  const compiled = (schema: Fields | boolean): TextSchema => {
    compiler ??= new SchemaCompiler()
    return { check: compiler.compile(schema), readers: namedReaders(schema) }
  }
  const parts: PartJudge[] = []
  for (const [key, part] of SCHEMA_SETTINGS) {
    const source = config[key]
    if (source === undefined) continue
    const copy = await copied(source)
    if (part === 'header') {
      const { schema, spelled } = fieldSchema(copy)
      parts.push(judgePart(part, compiled(schema), spelled))
    } else parts.push(judgePart(part, compiled(copy)))
  }
  const { body, limits, duplicateKeys, prototypeKeys } = config
  const schema = body?.schema === undefined ? undefined : compiled(await copied(body.schema))
  const rules: BodyRules | undefined = body && {
    forms: body.types.map((type) => ({ type, schema })),
    isRequired: (method) => body.required && WITH_CONTENT.has(method),
    ...limits,
    duplicateKeys,
    prototypeKeys,
  }
  return judgeOf(parts, rules)
}

/** Everything that is wrong is told at once; a body that is not looked at at all is answered by itself. */
function judgeOf(parts: readonly PartJudge[], rules: BodyRules | undefined): RequestJudge {
  return (exchange) => {
    const found = parts.flatMap((judge) => judge(exchange))
    const verdict = rules === undefined ? [] : judgeBody(exchange, rules)
    return verdict instanceof Promise ? verdict.then((late) => joined(found, late)) : joined(found, verdict)
  }
}

function joined(
  found: readonly Violation[],
  ofBody: TrafficError | readonly Violation[],
): TrafficError | undefined {
  if (!isViolations(ofBody)) return ofBody
  if (found.length + ofBody.length === 0) return undefined
  return new InvalidMessage([...found, ...ofBody])
}

function isViolations(found: TrafficError | readonly Violation[]): found is readonly Violation[] {
  return Array.isArray(found)
}
