/** A form in the encoding of multipart/form-data (RFC 7578). */
export interface Multipart {
  readonly contentType: string
  /** Bytes in all. */
  readonly length: number
  /** The encoded form, from its start. */
  readonly chunks: () => AsyncIterable<Uint8Array>
}

/** @param boundary must not stand in the content: a random one of 122 bits does not */
export function multipart(form: FormData, boundary: string): Multipart {
  const parts = [...form].map(([name, value]) => {
    const content = typeof value === 'string' ? new Blob([value.replace(/\r?\n|\r/g, '\r\n')]) : value
    return { head: Buffer.from(partHead(name, value, boundary)), content }
  })
  const end = Buffer.from(`--${boundary}--\r\n`)
  const length = parts.reduce((sum, { head, content }) => sum + head.length + content.size + 2, end.length)
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (const { head, content } of parts) {
      yield head
      yield* content.stream() as AsyncIterable<Uint8Array>
      yield LINE_END
    }
    yield end
  }
  return { contentType: `multipart/form-data; boundary=${boundary}`, length, chunks }
}

const LINE_END = Buffer.from('\r\n')

function partHead(name: string, value: string | File, boundary: string): string {
  const start = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(name.replace(/\r\n?|\n/g, '\r\n'))}"`
  if (typeof value === 'string') return `${start}\r\n\r\n`
  const type = /^[\x20-\x7e]+$/.test(value.type) ? value.type : 'application/octet-stream'
  return `${start}; filename="${escaped(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`
}

/** As browsers do (WHATWG HTML 4.10.21.8): a quote or a line end in a name would begin a parameter or a part of its own. */
function escaped(name: string): string {
  return name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22')
}
