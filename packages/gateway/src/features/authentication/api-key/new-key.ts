import { randomBytes } from 'node:crypto'
import { hashOfKey } from './api-key.ts'
import { keyLine, type KeyWords } from './key-lines.ts'

/** Says whose key it is where one is found in a text, as services that look for lost secrets do. */
const PREFIX = 'hg_'

/** Names of whom keys are for. */
export const KEY_NAME: RegExp = /^[A-Za-z0-9][\w.-]{0,99}$/

/** A key that nobody has yet, of 256 random bits, and its line for a file of keys, which has its hash alone. */
export function newKey(name: string, words: KeyWords): { readonly key: string; readonly line: string } {
  const key = `${PREFIX}${randomBytes(32).toString('base64url')}`
  return { key, line: keyLine(name, hashOfKey(key), words) }
}
