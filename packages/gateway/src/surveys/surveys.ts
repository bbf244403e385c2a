import { breakers } from './breakers.ts'
import { concurrency } from './concurrency.ts'
import { rateLimits } from './rate-limits.ts'
import type { Question, Survey } from './survey.ts'
import { upstreams } from './upstreams.ts'
import { warm } from './warm.ts'

/** All surveys, in the order of the description of the API. The workers know their questions, the admin listener their operations. */
export const SURVEYS: readonly Survey[] = [upstreams, breakers, concurrency, rateLimits, warm]

/** The question of that name. @throws TypeError if there is none */
export function questionNamed(name: string): Question {
  const found = SURVEYS.flatMap(({ questions }) => questions).find((each) => each.name === name)
  if (found === undefined) throw new TypeError(`nobody states the question ${JSON.stringify(name)}`)
  return found
}
