import { inLine } from '../printable.ts'

/**
 * What came of a change, as the admin API answers it, in a line.
 * @param isDryRun whether none was to be made
 */
export function showChange(answer: unknown, isDryRun: boolean = false): string {
  return `${inLine(changeText(answer, isDryRun))}\n`
}

function changeText(answer: unknown, isDryRun: boolean): string {
  const { outcome, version, summary } = answer as {
    outcome: string
    version?: { id: number }
    summary?: string
  }
  switch (outcome) {
    case 'applied':
      return `version ${version?.id} is in force: ${summary ?? ''}`
    case 'possible':
      return `would change: ${summary ?? ''}`
    default:
      return isDryRun
        ? `nothing would change: version ${version?.id}, which is in force, is the same`
        : `nothing has changed: version ${version?.id} is in force`
  }
}
