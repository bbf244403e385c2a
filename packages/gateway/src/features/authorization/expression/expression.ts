import type { Exchange } from '@headgate/core'
import { type Kind, textKind } from '../../../settings/values/kinds.ts'
import { parsed, type Parsed, refused } from '../../../settings/values/parsed.ts'
import { type Outcome, parseExpression, planned } from './cel.ts'
import { checkExpression, ExpressionMistake } from './check.ts'
import { TooLarge, valuesFor } from './values.ts'

/** What is longer is a program. The parser takes 30 microseconds for a letter. */
const LONGEST = 2_000

/** An expression in CEL that says true or false of a request: https://cel.dev. */
export const expression: Kind<string> = textKind(
  'an expression',
  'an expression in CEL over request, identity, route and connection that is true or false',
  checked,
)

function checked(text: string): Parsed<string> {
  if (text.length > LONGEST) return refused(`has more than ${LONGEST} letters`)
  const found = parseExpression(text)
  if ('problem' in found) return refused(`${found.problem}: ${placeIn(text, found.offset)}`)
  try {
    checkExpression(found.expr)
    return parsed(text)
  } catch (error) {
    if (!(error instanceof ExpressionMistake)) throw error
    return refused(`${error.message}: ${placeIn(text, found.offsetOf(error.node))}`, error.hint)
  }
}

function placeIn(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  const column = (before.at(-1)?.length ?? 0) + 1
  return before.length === 1 ? `column ${column}` : `line ${before.length}, column ${column}`
}

export interface CompiledExpression {
  /** Whether who asks has a say. */
  readonly asksForIdentity: boolean
  readonly outcome: (exchange: Exchange) => Outcome
}

/** An expression that was checked. */
export function compiledExpression(text: string): CompiledExpression {
  const found = parseExpression(text)
  if ('problem' in found) throw new TypeError(`the expression ${JSON.stringify(text)} ${found.problem}`)
  const used = checkExpression(found.expr)
  const evaluate = planned(found.expr, [...used.keys()])
  const read = valuesFor(used)
  const outcome = (exchange: Exchange): Outcome => {
    try {
      return evaluate(read(exchange))
    } catch (error) {
      if (error instanceof TooLarge) return { failure: error.message }
      throw error
    }
  }
  return { asksForIdentity: used.has('identity'), outcome }
}
