/** How many different defects are told: a process that lives long must not fill its memory with them. */
const MOST = 100
const told = new Set<string>()

/**
 * For a callback that threw where nobody can answer for it: a timer's, a sink's, a finisher's. It must not end the process, nor
 * what others have waiting behind it; so it becomes a warning of the process, the first time that it happens.
 * @param where as the begin of a sentence, `a timer`
 */
export function reportDefect(where: string, thrown: unknown): void {
  const reason = reasonOf(thrown)
  const [first = ''] = reason.split('\n')
  const key = `${where}: ${first}`
  if (told.has(key) || told.size >= MOST) return
  told.add(key)
  process.emitWarning(`${where} threw, which costs one exchange and is not reported again: ${reason}`, {
    type: 'HeadgateWarning',
    code: 'HEADGATE_DEFECT',
  })
}

/** What was thrown as text, whatever it is. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.stack ?? thrown.message
  try {
    return String(thrown)
  } catch {
    return typeof thrown // an object without a prototype, or worse
  }
}
