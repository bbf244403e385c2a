/** What came of a change, as the admin API answers it, in a line. */
export function showChange(answer: unknown): string {
  const { outcome, version, summary } = answer as {
    outcome: string
    version?: { id: number }
    summary?: string
  }
  switch (outcome) {
    case 'applied':
      return `version ${version?.id} is in force: ${summary}\n`
    case 'possible':
      return `would change: ${summary}\n`
    default:
      return `nothing has changed: version ${version?.id} is in force\n`
  }
}
