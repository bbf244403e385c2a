/** What a client does in a run. */
export interface Calls {
  /** Asks for the small document and resolves with it, parsed. */
  json: () => Promise<unknown>
  /** Reads the large document as a stream, and resolves with its bytes; missing where it takes no part in that. */
  download?: () => Promise<number>
}

/** Where the documents are. */
export interface Documents {
  /** As `http://127.0.0.1:1234`; with `https` for clients of HTTP/2 over TLS. */
  origin: string
  /** The certificate of an origin with TLS (PEM). */
  ca?: string
  smallPath: string
  largePath: string
  /** How many connections it may have. */
  connections: number
}

/** A client that takes part. */
export interface Client {
  name: string
  /** The package that it comes in; none for what Node has. */
  library?: string
  /** What it speaks; `h2` is HTTP/2 over TLS, `h2c` without. Default `http`, which is HTTP/1.1. */
  protocol?: 'http' | 'h2c' | 'h2'
  /** Whether it takes part in the download. */
  streams: boolean
  /** Loads the library, in the process that is measured: no client shares its process with another. */
  open: (documents: Documents) => Promise<Calls>
}

/** Reads a stream to its end. */
export async function bytesOf(chunks: AsyncIterable<Uint8Array> | null): Promise<number> {
  let bytes = 0
  if (chunks !== null) for await (const chunk of chunks) bytes += chunk.byteLength
  return bytes
}
