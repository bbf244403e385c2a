import { StreamBody } from '@headgate/core'

/** A message of gRPC with its prefix (PROTOCOL-HTTP2). @param flags 0: as it is; 128: the trailers of gRPC-Web */
export function framed(message: Uint8Array, flags = 0): Buffer {
  const prefix = Buffer.alloc(5)
  prefix[0] = flags
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

/** Content that comes as it is pushed. */
export function pushed(): StreamBody {
  return new StreamBody(undefined, { resumeBody: () => {}, cancelBody: () => {} })
}
