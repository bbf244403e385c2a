import { readdirSync } from 'node:fs'

/** The files of entries and contents in a cache, with their folders. */
export function filesIn(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => /\.[eb]$/.test(name))
}
