import type { Socket } from 'node:net'
import type { Script } from './case.ts'

/** Sends a response as its script says. Resolves with false if the connection ends with it. */
export async function writeScript(socket: Socket, script: Script, method: string): Promise<boolean> {
  const { cut } = script
  if (cut === 'before') return ended(socket)
  if (cut === 'stall-head') return false
  for (const status of script.interim) socket.write(`HTTP/1.1 ${status} Interim\r\nx-interim: 1\r\n\r\n`)
  const content = method === 'HEAD' || isEmpty(script.status) ? Buffer.alloc(0) : framed(script)
  // Where nothing says that the connection ends with the response, its end is a race with the next request.
  const head = headOf(
    script,
    (script.framing === 'close' || (cut !== undefined && cut !== 'stall-content')) && content.length === 0,
  )
  if (cut === 'head') {
    socket.write(head.slice(0, head.length >> 1))
    return ended(socket)
  }
  if (cut === undefined) {
    await written(socket, Buffer.concat([Buffer.from(head, 'latin1'), content]), script.pieces)
    return closes(script) ? ended(socket) : true
  }
  socket.write(Buffer.concat([Buffer.from(head, 'latin1'), content.subarray(0, content.length >> 1)]))
  // Nothing is missing for HEAD: the connection is as good as ever.
  if (cut === 'stall-content') return content.length === 0
  // What was sent must be there before the connection is gone.
  await new Promise((resolve) => setImmediate(resolve))
  if (cut === 'reset') socket.resetAndDestroy()
  else ended(socket)
  return false
}

function ended(socket: Socket): false {
  socket.end()
  return false
}

const isEmpty = (status: number): boolean => status === 204 || status === 304

function closes({ framing, fields }: Script): boolean {
  return framing === 'close' || fields.some(([name]) => name.toLowerCase() === 'connection')
}

function headOf({ status, reason, fields, framing, content }: Script, ends: boolean): string {
  const framingField =
    framing === 'length'
      ? `content-length: ${content.length}\r\n`
      : framing === 'chunked'
        ? 'transfer-encoding: chunked\r\n'
        : ''
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return `HTTP/1.1 ${status}${reason === '' ? ' ' : ` ${reason}`}\r\n${lines}${framingField}${ends ? 'connection: close\r\n' : ''}\r\n`
}

function framed({ framing, content }: Script): Buffer {
  if (framing === 'none') return Buffer.alloc(0)
  if (framing !== 'chunked') return content
  const chunks: Buffer[] = []
  const size = Math.max(1, content.length >> 1)
  for (let at = 0; at < content.length; at += size) {
    const chunk = content.subarray(at, at + size)
    chunks.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'))
  }
  return Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')])
}

async function written(socket: Socket, bytes: Buffer, pieces: boolean): Promise<void> {
  if (!pieces) return void socket.write(bytes)
  const size = Math.max(1, Math.ceil(bytes.length / 3))
  for (let at = 0; at < bytes.length; at += size) {
    socket.write(bytes.subarray(at, at + size))
    await new Promise((resolve) => setImmediate(resolve))
  }
}
