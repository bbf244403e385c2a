import { countProblems } from '../settings/problems/first-findings.ts'
import { formatProblems } from '../settings/problems/format.ts'
import { type ChangeOrder, type ChangeOutcome, short } from '../versions/outcome.ts'
import type { Log } from './log.ts'
import { startAdvice } from './start-advice.ts'

/** How many mistakes an entry of the log names. */
const MOST = 100

/** The record of each change of the configuration, and of each that was refused: one line, whoever wanted it. */
export function logChange(log: Log, { origin, author }: ChangeOrder, outcome: ChangeOutcome): void {
  const facts = { audit: 'configuration', origin, author, outcome: outcome.kind }
  const by = author === undefined ? origin : `${origin}, ${author}`
  switch (outcome.kind) {
    case 'applied': {
      const { version, summary, changes } = outcome
      const { restart } = changes
      const message = `configuration: version ${version.id} is in force (${by}): ${summary}`
      const all = { ...facts, version: version.id, hash: version.hash }
      if (restart.length > 0) log.warn(message, { ...all, restart })
      else log.info(message, all)
      break
    }
    case 'unchanged':
      log.info(`configuration: nothing has changed (${by})`, { ...facts, version: outcome.version.id })
      break
    case 'invalid': {
      const { problems } = outcome
      const shown = problems
        .slice(0, MOST)
        .map((each) => ({ ...each, message: short(each.message), path: short(each.path) }))
      const more = problems.length > MOST ? `\nand ${problems.length - MOST} more` : ''
      log.error(
        `configuration: refused, the one before stays in force (${by}):\n${formatProblems(shown, { color: false })}${more}`,
        { ...facts, mistakes: countProblems(problems) },
      )
      break
    }
    case 'failed':
      log.error(
        `configuration: not applied, the one before stays in force (${by}): ${startAdvice(outcome.failure, '')}`,
        { ...facts, failure: outcome.failure },
      )
      break
    case 'conflict':
      log.warn(`configuration: not applied (${by}): version ${outcome.version.id} came first`, facts)
      break
    case 'unknown-version':
      log.warn(`configuration: not applied (${by}): there is no such version`, facts)
      break
    case 'possible':
      break
  }
}
