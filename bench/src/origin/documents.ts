/** Bytes of the body of a large download or upload. */
export const largeSize: number = 1024 * 1024

/** Bytes of the document that clients download. */
export const hugeSize: number = 10 * 1024 * 1024

/** Bytes of the file that is usual in a web page. */
export const fileSize: number = 10 * 1024

/** The small document: 89 bytes, the size that the proxies are usually compared with. */
export const smallBody =
  '{"id":42,"name":"one small order","items":[3,1,4,1,5],"total":"1217.90","currency":"EUR"}'

/** The same as a message of gRPC: a byte for compression, four for the length. */
export const smallMessage: Buffer = Buffer.concat([
  Buffer.from([0, 0, 0, 0, smallBody.length]),
  Buffer.from(smallBody),
])

/** Bytes of the document that caches keep. */
export const storedSize: number = 1024

/** A small answer as it goes over the wire: five header fields, as a plain JSON service sends. */
export const smallResponse: Buffer = response(Buffer.from(smallBody), 'application/json')

/** A large answer as it goes over the wire. */
export const largeResponse: Buffer = response(
  Buffer.alloc(largeSize, 'headgate '),
  'application/octet-stream',
)

/** The answer to a client that downloads, as it goes over the wire. */
export const hugeResponse: Buffer = response(Buffer.alloc(hugeSize, 'headgate '), 'application/octet-stream')

/** An answer that caches keep, as it goes over the wire. */
export const storedResponse: Buffer = response(
  Buffer.alloc(storedSize, 'headgate '),
  'application/json',
  'max-age=3600',
)

/** A large one. */
export const storedLargeResponse: Buffer = response(
  Buffer.alloc(largeSize, 'headgate '),
  'application/octet-stream',
  'max-age=3600',
)

/** The answer to a request that the origin does not take: the load generator counts it as a failure. */
export const refusedResponse: Buffer = Buffer.from(
  'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
)

function response(body: Buffer, type: string, cacheControl = 'no-store'): Buffer {
  const head = [
    'HTTP/1.1 200 OK',
    `Date: ${new Date().toUTCString()}`,
    `Content-Type: ${type}`,
    `Content-Length: ${body.length}`,
    `Cache-Control: ${cacheControl}`,
    'Server: origin',
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
}

/** An order of 2 KiB as shops send it: 24 lines, names, a date. */
export const orderBody: Buffer = Buffer.from(
  JSON.stringify({
    id: 'ABC-12345',
    customer: { name: 'Ada Lovelace', email: 'ada@shop.example' },
    items: Array.from({ length: 24 }, (_, line) => ({
      sku: `sku-${1000 + line}`,
      quantity: line + 1,
      price: 19.99 + line,
      note: 'leave it at the door',
    })),
    placed: '2027-06-30T12:00:00Z',
  }),
)
