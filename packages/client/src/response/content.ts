import { TrafficError } from '@headgate/core'
import { shown } from '../shown-url.ts'
import { checkedValue, schema as SCHEMA } from '../option-check.ts'
import type { SchemaIssue, StandardSchema } from '../standard-schema.ts'

type Parse = (text: string) => unknown

/** Reads JSON by this function, which throws where it cannot: then that is a TrafficError `invalid_content`. */
export function jsonReader(parse: Parse): (text: string, url: string) => unknown {
  return (text, url) => read(parse, text, url)
}

function read(parse: Parse, text: string, url: string): unknown {
  try {
    return parse(text)
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError))
      throw invalid(`the response from ${shown(url)} could not be read by parseJson`, thrown)
    // Not the text itself: it may hold secrets, and may be long.
    const reason = text === '' ? 'the body is empty' : thrown.message.replace(/"[^]*"/, '…')
    // Nor as the cause: V8 quotes the text there, too.
    throw invalid(`the response from ${shown(url)} is not JSON: ${reason}`, new SyntaxError(reason))
  }
}

/** The value that the schema makes of this one. @throws TrafficError `invalid_content` */
export async function validated(value: unknown, url: string, schema: StandardSchema): Promise<unknown> {
  checkedValue('schema', schema, SCHEMA, 'schema of json()')
  const result = await schema['~standard'].validate(value)
  if (result.issues === undefined) return result.value
  const reasons = result.issues.slice(0, 5).map(described).join('; ')
  throw invalid(`the response from ${shown(url)} is not what the schema says: ${reasons}`, result.issues)
}

function described({ path = [], message }: SchemaIssue): string {
  const place = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return place === '' ? message : `${place}: ${message}`
}

function invalid(message: string, cause: unknown): TrafficError {
  return new TrafficError('invalid_content', message, { phase: 'response-body', cause })
}
