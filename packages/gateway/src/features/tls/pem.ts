import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { LARGEST_PEM, readPlainFile } from '../../plain-file.ts'

/** Whether a setting holds the PEM text itself, and no path: no path begins so. */
export function isInlinePem(written: string): boolean {
  return written.trimStart().startsWith('-----BEGIN ')
}

/** The setting with the path of its file made absolute. */
export function inFolder(written: string, folder: string): string {
  return isInlinePem(written) ? written : resolve(folder, written)
}

/** @throws Error of the system where the file cannot be read */
export function readPem(written: string): Buffer {
  return isInlinePem(written) ? Buffer.from(written) : readPlainFile(written, LARGEST_PEM)
}

/** How a setting is called where it may be seen: an inline text may be a key. */
export function pemPlace(written: string): string {
  return isInlinePem(written) ? 'inline' : written
}

const CERTIFICATE =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]*-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g

/** The certificates of a text, one by one, in their order. */
export function certificateBlocks(text: string): string[] {
  return text.match(CERTIFICATE) ?? []
}

export function sha256(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length} `).update(part)
  return hash.digest('hex')
}
