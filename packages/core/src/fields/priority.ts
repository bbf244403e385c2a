import { parseDictionary } from './structured.ts'
import type { BareItem, Member } from './structured-types.ts'

/** How a response is sent among others of its connection (RFC 9218 4). */
export interface Priority {
  /** 0 is sent first, 7 last. */
  readonly urgency: number
  /** Whether its parts are of use one by one: it shares with others. Else it is of use as a whole, and others wait for it. */
  readonly incremental: boolean
}

/**
 * Of a request that says nothing of it: as urgent as most, and in turns. RFC 9218 4.2 would have these one by one; but those who say
 * nothing have streams that do not end (gRPC), or many users behind them.
 */
export const UNSAID: Priority = { urgency: 3, incremental: true }

/** What a value that is longer says is not looked at: nobody has so much to say. */
const LONGEST = 256

const byUrgency = Array.from({ length: 8 }, (_, urgency) => [
  { urgency, incremental: false },
  { urgency, incremental: true },
])

/** What is usual is found and not parsed: browsers send these with each request. */
const USUAL: ReadonlyMap<string, Priority> = new Map(
  byUrgency.flatMap(([whole, parts], urgency) => [
    [`u=${urgency}`, whole as Priority],
    [`u=${urgency}, i`, parts as Priority],
    [`u=${urgency},i`, parts as Priority],
  ]),
)

/** What a request asks for, with the defaults of RFC 9218 4 for what it leaves out; undefined if it is malformed, which is ignored. */
export function requestPriority(value: string): Priority | undefined {
  return USUAL.get(value) ?? merged(value, { urgency: 3, incremental: false })
}

/** What an origin says of its response, which overrides what the client has asked for; what it leaves out stays (RFC 9218 8). */
export function responsePriority(value: string, asked: Priority): Priority {
  return merged(value, asked) ?? asked
}

/** Parameters out of their range or of another type are as good as none (RFC 9218 4). */
function merged(value: string, otherwise: Priority): Priority | undefined {
  if (value.length > LONGEST) return undefined
  const members = parseDictionary(value)
  if (members === undefined) return undefined
  const u = bareOf(members.get('u'))
  const i = bareOf(members.get('i'))
  const urgency = u?.type === 'integer' && u.value >= 0 && u.value <= 7 ? u.value : otherwise.urgency
  const incremental = i?.type === 'boolean' ? i.value : otherwise.incremental
  return byUrgency[urgency]?.[incremental ? 1 : 0]
}

function bareOf(member: Member | undefined): BareItem | undefined {
  return member !== undefined && 'bare' in member ? member.bare : undefined
}
