import { inputSchema } from '../schema/schema-tree.ts'
import { type ConfigSource, placeFinding, type WrittenInput } from './place.ts'
import type { ConfigProblem, Finding } from './problem.ts'

/** More of them nobody reads, and each costs time to be put into words. */
const MOST_PROBLEMS = 100

/**
 * The findings with their places; of very many the first ones, and how many there are besides.
 * @param uncounted further ones that are not among them
 */
export function firstFindings(
  findings: readonly Finding[],
  input: WrittenInput,
  source: ConfigSource,
  noun: 'mistakes' | 'warnings' = 'mistakes',
  uncounted: number = 0,
): ConfigProblem[] {
  const schema = inputSchema()
  const found = findings.filter(({ unseen }) => unseen === undefined)
  const problems = found
    .slice(0, MOST_PROBLEMS)
    .map((finding) => placeFinding(finding, input, source, schema))
  const unseen = findings.reduce((most, finding) => Math.max(most, finding.unseen ?? 0), 0)
  const more = found.length - problems.length + uncounted
  if (more === 0) return problems
  const file = source.file === undefined ? {} : { file: source.file }
  const rest =
    unseen === 0 ? '' : `; after so many, ${unseen} entries of a list or section were not looked at`
  return [
    ...problems,
    { ...file, path: '', message: `and ${more} ${noun} more${rest}`, further: more + unseen },
  ]
}

/** How many mistakes the problems tell of. */
export function countProblems(problems: readonly ConfigProblem[]): number {
  return problems.reduce((count, { further }) => count + (further ?? 1), 0)
}
