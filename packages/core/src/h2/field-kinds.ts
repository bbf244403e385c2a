/** What a field is, for all that is decided by its name: found once for a name, so that whoever handles a field switches on a number. */
export const FieldKind = {
  regular: 0,
  /** Must not be part of a message, or not so: see `malformation`. */
  malformed: 1,
  contentLength: 2,
  cookie: 3,
  host: 4,
  te: 5,
  priority: 6,
  // Pseudo-header fields (RFC 9113 8.3), and that of RFC 8441 section 4.
  method: 7,
  scheme: 8,
  authority: 9,
  path: 10,
  status: 11,
  protocol: 12,
} as const
export type FieldKind = (typeof FieldKind)[keyof typeof FieldKind]

/** The kinds of names that are not those of regular fields. Of others, all that are no tokens in lower case are malformed. */
export const KINDS: ReadonlyMap<string, FieldKind> = new Map([
  [':method', FieldKind.method],
  [':scheme', FieldKind.scheme],
  [':authority', FieldKind.authority],
  [':path', FieldKind.path],
  [':status', FieldKind.status],
  [':protocol', FieldKind.protocol],
  ['content-length', FieldKind.contentLength],
  ['cookie', FieldKind.cookie],
  ['host', FieldKind.host],
  ['te', FieldKind.te],
  ['priority', FieldKind.priority],
  // What concerns one HTTP/1.1 connection (RFC 9113 8.2.2).
  ['connection', FieldKind.malformed],
  ['keep-alive', FieldKind.malformed],
  ['proxy-connection', FieldKind.malformed],
  ['transfer-encoding', FieldKind.malformed],
  ['upgrade', FieldKind.malformed],
])

/** Names of fields that describe one connection, or the framing of HTTP/1.1: what a stream does decides them (RFC 9113 8.2.2). */
export const OF_CONNECTION: ReadonlySet<string> = new Set(
  'connection content-length host keep-alive proxy-connection te transfer-encoding upgrade'.split(' '),
)

/** What our encoder does with the fields of a name. */
export const Indexing = {
  /** A value is put into the dynamic table, as it is likely to come again. */
  repeats: 0,
  /** Values differ from message to message: sent as literals, lest they drive from the table what does repeat. */
  varies: 1,
  /** Sent as literals that nobody may index (RFC 7541 7.1.3), lest their value be guessed by what others' fields compress to. */
  never: 2,
} as const
export type Indexing = (typeof Indexing)[keyof typeof Indexing]

const VARYING =
  `:path age content-length content-range etag grpc-timeout idempotency-key if-match if-modified-since if-none-match
if-range if-unmodified-since last-modified location range traceparent x-request-id`.split(/\s+/)
const SECRET = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie']

/** Names that are not in here repeat. */
export const INDEXING: ReadonlyMap<string, Indexing> = new Map<string, Indexing>([
  ...VARYING.map((name) => [name, Indexing.varies] as const),
  ...SECRET.map((name) => [name, Indexing.never] as const),
])
