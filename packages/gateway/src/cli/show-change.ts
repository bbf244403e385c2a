import { inLine } from '../printable.ts'

/**
 * What came of a change, as the admin API answers it, in a line.
 * @param isDryRun whether none was to be made
 */
export function showChange(answer: unknown, isDryRun: boolean = false): string {
  const { outcome, version, summary } = answer as {
    outcome: string
    version?: { id: number }
    summary?: string
  }
  switch (outcome) {
    case 'applied':
      return `version ${version?.id} is in force: ${inLine(summary ?? '')}\n`
    case 'possible':
      return `would change: ${inLine(summary ?? '')}\n`
    default:
      return isDryRun
        ? `nothing would change: version ${version?.id}, which is in force, is the same\n`
        : `nothing has changed: version ${version?.id} is in force\n`
  }
}
