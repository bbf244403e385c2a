import { existsSync, statSync } from 'node:fs'

/** Whether a file is there, and no older than any of those that it is made from. */
export function isFresh(file, sources) {
  if (!existsSync(file)) return false
  const { mtimeMs } = statSync(file)
  return sources.every((source) => statSync(source).mtimeMs <= mtimeMs)
}
