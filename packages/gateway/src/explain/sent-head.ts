import { type Exchange, sentFields } from '@headgate/core'
import { loopMark } from '../loop-mark.ts'
import { SHOWN_KEY } from './dry-run.ts'

/** What stands for the mark by which a gateway knows its own requests: random, and another one in each gateway. */
const MARK = '(random)'

/**
 * The fields of the request as the upstream gets them, without Host: those of the policies, and those that say how its content is
 * framed and what its connection is to become.
 * @param route its name
 */
export function sentHead(sent: Exchange, route: string): readonly (readonly [name: string, value: string])[] {
  const mark = loopMark(SHOWN_KEY, route)
  const [, ...fields] = sentFields(sent.request)
  return fields.map(([name, value]) => [name, name === 'cdn-loop' ? value.replace(mark, MARK) : value])
}
