import { closeSync, constants, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs'

/**
 * Writes a file that others find whole or not at all, whenever the process ends. Throws as the file system does, with nothing left behind.
 * @param unfinished where it is written first, in the same folder; nothing may be there, and a link is not followed
 * @param finish gives it the name that others look for
 * @param mode of the file; default: for nobody else
 */
export function writeWhole(
  unfinished: string,
  content: string | Buffer,
  finish: () => void,
  mode: number = 0o600,
): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const descriptor = openSync(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
  try {
    try {
      writeFileSync(descriptor, content)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    finish()
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  }
}
