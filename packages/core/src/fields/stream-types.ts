import { trimBlanks } from '../message/tokens.ts'
import { mediaType } from './media-type.ts'

/**
 * Media types of responses that are silent for as long as nothing happens: events, records and frames that are sent one by
 * one, each when there is something to tell.
 */
const STREAM_TYPES: ReadonlySet<string> = new Set([
  'text/event-stream',
  'application/x-ndjson',
  'application/ndjson',
  'application/x-jsonlines',
  'application/jsonlines',
  'application/jsonl',
  'application/x-json-stream',
  'application/stream+json',
  'application/json-seq',
  'application/geo+json-seq',
  'multipart/x-mixed-replace',
  'application/grpc',
  'application/grpc-web',
  'application/grpc-web-text',
  'application/connect+json',
  'application/connect+proto',
  'application/vnd.amazon.eventstream',
])

/** Whether a response of that Content-Type (RFC 9110 8.3.1) is a stream; its subtype may have a suffix, as `application/grpc+proto`. */
export function isStream(contentType: string | undefined): boolean {
  if (contentType === undefined) return false
  const lower = contentType.toLowerCase()
  const semicolon = lower.indexOf(';')
  const type = mediaType(lower)
  if (STREAM_TYPES.has(type)) return true
  const plus = type.indexOf('+')
  if (plus > 0 && type.startsWith('application/grpc') && STREAM_TYPES.has(type.slice(0, plus))) return true
  // What Kubernetes calls a watch: `application/json;stream=watch`.
  return (
    semicolon >= 0 && lower.includes('stream=') && hasParameter(lower.slice(semicolon + 1), 'stream', 'watch')
  )
}

function hasParameter(parameters: string, name: string, value: string): boolean {
  return parameters.split(';').some((parameter) => {
    const [key = '', given = ''] = parameter.split('=')
    return trimBlanks(key) === name && trimBlanks(given).replace(/^"(.*)"$/, '$1') === value
  })
}
