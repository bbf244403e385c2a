/** Keys that are written again and again. */
export const KEYS = 40

/** Some in the file of the entry, some in files of their own. */
export function sizeOf(index: number): number {
  return [100, 5_000, 65_536, 65_537, 200_000][index % 5] ?? 0
}

/** Content that tells which response it is of, all the way. */
export function contentOf(etag: string, size: number): Buffer {
  return Buffer.alloc(size, `${etag};`)
}
