import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** Of certificates, keys and authorities: bundles of all public ones have a fraction of it. Bytes. */
export const LARGEST_PEM: number = 16 * 1024 * 1024

/** Of a file that holds one secret. Bytes. */
export const LARGEST_SECRET: number = 4 * 1024 * 1024

const PIECE = 64 * 1024

/** Tells one content of a file from another without reading it. */
export function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`
}

/**
 * What is in a file that a configuration names, and that somebody may have put anything in the place of: a pipe would hold up the
 * thread for ever, a device or a file of /proc, which says that it is empty, be read without end.
 * @param most bytes that are read
 * @throws Error of the system, or one that says what it is in place of a file
 */
export function readPlainFile(file: string, most: number): Buffer {
  const descriptor = openPlainFile(file, most)
  try {
    return readAtMost(descriptor, most)
  } finally {
    closeSync(descriptor)
  }
}

/** Opens it, if it is a plain file of at most that many bytes. Throws as `readPlainFile` does. */
export function openPlainFile(file: string, most: number): number {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(descriptor)
    if (stats.isDirectory()) throw new Error('it is a folder')
    if (!stats.isFile()) throw new Error('it is no file, but a pipe, a socket or a device')
    if (stats.size > most) throw tooLarge(stats.size, most)
    return descriptor
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

function readAtMost(descriptor: number, most: number): Buffer {
  const pieces: Buffer[] = []
  let length = 0
  for (;;) {
    const piece = Buffer.allocUnsafe(PIECE)
    const read = readSync(descriptor, piece, 0, PIECE, null)
    if (read === 0) return Buffer.concat(pieces)
    length += read
    if (length > most) throw tooLarge(`more than ${most}`, most)
    pieces.push(piece.subarray(0, read))
  }
}

function tooLarge(size: number | string, most: number): Error {
  return new Error(`it has ${size} bytes, and at most ${most} are read`)
}
