import { createHash } from 'node:crypto'
import { malformed } from './error-response.ts'
import { readJson } from './strict-json.ts'

/** What a GraphQL request asks for (GraphQL over HTTP, "Request Parameters"), as far as it must be known. */
export interface RequestParams {
  /** Undefined where the origin is to know the document: it is persisted there. */
  readonly document: string | undefined
  readonly operationName: string | undefined
}

const PARAMETERS = ['query', 'operationName', 'variables', 'extensions']
const FOLDED = PARAMETERS.map((name) => name.toLowerCase())

/** Under these, some origins take the name of a document that they know: they would not execute the one that is judged. */
const DOCUMENT_IDS = ['documentid', 'document_id', 'docid', 'doc_id', 'queryid', 'query_id']

const NAME = /^[_A-Za-z][_0-9A-Za-z]{0,254}$/

/**
 * Of a body: one request, or several in a list (a batch).
 * @throws GraphqlRefusal for what is no such request, or might be read as another
 */
export function paramsOfJson(value: unknown): RequestParams | readonly RequestParams[] {
  return Array.isArray(value) ? value.map(paramsOf) : paramsOf(value)
}

/**
 * Of the query of a URL.
 * @returns undefined if it has none of the parameters
 * @throws GraphqlRefusal
 */
export function paramsOfQuery(query: string): RequestParams | undefined {
  const { found, isDoubtful, hasDocumentId } = graphqlParameters(query)
  if (found.size === 0) return hasDocumentId ? { document: undefined, operationName: undefined } : undefined
  if (isDoubtful) throw malformed('the URL has a parameter that some origins take for one of GraphQL')
  const member = (name: string): unknown => {
    const text = found.get(name)
    return text === undefined || text === '' ? undefined : readJson(text, name)
  }
  return paramsOf({
    query: found.get('query') || undefined,
    operationName: found.get('operationName'),
    variables: member('variables'),
    extensions: member('extensions'),
  })
}

/**
 * Checks that the URL of a request with a body names no operation, too: some origins take that one.
 * @throws GraphqlRefusal
 */
export function checkNoParams(query: string): void {
  const { found, isDoubtful } = graphqlParameters(query)
  if (found.size > 0 || isDoubtful)
    throw malformed('the URL of a POST request must not hold parameters of GraphQL, as its body does')
}

function paramsOf(value: unknown): RequestParams {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed('a GraphQL request must be a JSON object')
  for (const name of Object.keys(value)) {
    // Some readers know no case; and what a member that is not of the protocol stands for, the origin alone knows.
    if (!PARAMETERS.includes(name) && name !== 'documentId') throw malformed(unknownMember(name))
  }
  const { query, operationName, variables, extensions, documentId } = value as Record<string, unknown>
  checkKinds(variables, extensions)
  const hash = persistedHash(extensions)
  if (query === undefined || query === null) {
    if (hash === undefined && typeof documentId !== 'string') throw malformed('the request has no query')
    return { document: undefined, operationName: nameOf(operationName) }
  }
  if (typeof query !== 'string') throw malformed('query must be a text')
  if (documentId !== undefined) throw malformed('the request has both a query and a documentId')
  if (hash !== undefined && hash !== sha256(query))
    throw malformed('the hash in extensions.persistedQuery is not that of the query')
  return { document: query, operationName: nameOf(operationName) }
}

function unknownMember(name: string): string {
  const meant = PARAMETERS[FOLDED.indexOf(name.toLowerCase())]
  return meant === undefined
    ? `the request has a member other than ${PARAMETERS.join(', ')}`
    : `the request has a member that differs from ${meant} in its case`
}

function checkKinds(variables: unknown, extensions: unknown): void {
  if (!isMap(variables)) throw malformed('variables must be a JSON object')
  if (!isMap(extensions)) throw malformed('extensions must be a JSON object')
}

/** Null is as good as nothing. */
function isMap(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && !Array.isArray(value))
}

/** An empty one is none for some servers and the name of nothing for others; the first reading is harmless. */
function nameOf(operationName: unknown): string | undefined {
  if (operationName === undefined || operationName === null || operationName === '') return undefined
  if (typeof operationName !== 'string' || !NAME.test(operationName))
    throw malformed('operationName must be a name of at most 255 characters')
  return operationName
}

/** Of an "automatic persisted query". Some servers go by hashes of other kinds, which might be those of another document. */
function persistedHash(extensions: unknown): string | undefined {
  const { persistedQuery } = (extensions ?? {}) as { persistedQuery?: unknown }
  if (persistedQuery === undefined || persistedQuery === null) return undefined
  const { version: _version, sha256Hash, ...others } = persistedQuery as Record<string, unknown>
  if (typeof sha256Hash !== 'string' || Object.keys(others).length > 0)
    throw malformed('extensions.persistedQuery must hold a version and a sha256Hash, and nothing else')
  return sha256Hash.toLowerCase()
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

interface QueryParameters {
  /** Decoded. */
  readonly found: ReadonlyMap<string, string>
  /** Whether there are parameters that only some origins take for one of GraphQL. */
  readonly isDoubtful: boolean
  /** Whether one of these names a document. */
  readonly hasDocumentId: boolean
}

/** Those of GraphQL; others are the origin's business. */
function graphqlParameters(query: string): QueryParameters {
  const found = new Map<string, string>()
  let isDoubtful = false
  let hasDocumentId = false
  // Some readers take ";" for "&".
  for (const pair of query.slice(1).split(/[&;]/)) {
    const split = pair.indexOf('=')
    const name = decoded(split === -1 ? pair : pair.slice(0, split))
    if (name === undefined) continue
    const base = baseOf(name)
    const isDocumentId = DOCUMENT_IDS.includes(base)
    if (isDocumentId) hasDocumentId = true
    if (found.has(name)) throw malformed(`the URL has the parameter ${name} twice`)
    if (PARAMETERS.includes(name)) found.set(name, decodedValue(split === -1 ? '' : pair.slice(split + 1)))
    else if (isDocumentId || base === 'id' || FOLDED.includes(base)) isDoubtful = true
  }
  if (found.size > 0 && query.includes(';')) throw malformed('the query of the URL holds a ";"')
  return { found, isDoubtful, hasDocumentId }
}

/** What readers might take a name for: some know no case, and take `query[]` and `query.x` for a part of `query`. */
function baseOf(name: string): string {
  return (
    name
      .trim()
      .toLowerCase()
      .split(/[^a-z_0-9]/, 1)[0] ?? ''
  )
}

function decodedValue(text: string): string {
  const value = decoded(text)
  if (value === undefined) throw malformed('the query of the URL is not percent-encoded UTF-8')
  return value
}

/** As a form (WHATWG URL 5.1); undefined if it cannot be decoded. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
