import { pathOf, removeFile, writeNew } from './disk-files.ts'
import { type DiskKeeper, recordOf } from './disk-keeper.ts'
import { encodeEntry, type EntryFile } from './entry-file.ts'

/** An entry that is about to be found. */
export interface AddedEntry {
  readonly hash: string
  /** The name of its file, which is not there yet. */
  readonly file: string
  readonly said: EntryFile
  /** Where it is in the same file. */
  readonly content: Uint8Array | undefined
  /** The moment since which purges concern it. */
  readonly since: number
  /** The file of the entry with the same content that it takes the place of. */
  readonly instead?: string | undefined
}

/**
 * Writes the file of an entry, and has it found from then on.
 * @returns false if it was purged meanwhile, or what it takes the place of is gone: its file is removed again
 */
export async function addEntry(
  keeper: DiskKeeper,
  { hash, file, said, content, since, instead }: AddedEntry,
): Promise<boolean> {
  const bytes = encodeEntry(said, content)
  const path = pathOf(keeper.shared.root, file)
  await writeNew(path, bytes)
  if (await keeper.add({ ...recordOf(hash, file, bytes.length, said), since }, instead)) return true
  await removeFile(path)
  return false
}
