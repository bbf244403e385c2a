/** What is wrong with the folder of a cache: where, and what to do about it. */
export class DiskCacheError extends Error {
  override readonly name = 'DiskCacheError'
}

/** The code of an error of the file system, as `ENOSPC`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
