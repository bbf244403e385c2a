import type { Finding } from './problem.ts'

/**
 * Mistakes in the entries of one list or section, after which the others are not looked at: nobody reads so many, and each
 * takes time and memory to be told. A list of a million wrong entries held the gateway up for half a minute.
 */
export const MOST_MISTAKES = 500

/** What is found in the entries, one after the other, until it is enough. */
export function findEach<Entry>(
  entries: readonly Entry[],
  find: (entry: Entry, index: number) => readonly Finding[],
): Finding[] {
  const findings: Finding[] = []
  for (let index = 0; index < entries.length; index++) {
    for (const finding of find(entries[index] as Entry, index)) findings.push(finding) // within the list
    const unseen = entries.length - index - 1
    if (findings.length < MOST_MISTAKES || unseen === 0) continue
    findings.push({ path: [], problem: '', unseen })
    break
  }
  return findings
}
