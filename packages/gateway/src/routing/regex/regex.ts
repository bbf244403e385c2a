import { regexSteps, StepSet } from './regex-steps.ts'
import { parseRegex, SYMBOLS } from './regex-syntax.ts'

/** All steps in which the automaton can be at once. */
interface State {
  readonly steps: Uint16Array
  readonly accepts: boolean
  readonly next: (State | undefined)[]
}

/** States are made as they are met; a value made to meet ever new ones must not fill the memory. */
const MOST_STATES = 256
/** States that are met less often than this each are not worth being made (RE2's DFA gives up by the same measure). */
const WORTH = 10

/**
 * A regular expression that is compared with whole values, in time linear in their length whatever it says: it is matched by
 * an automaton that is in all possible places at once (Thompson 1968) and never turns back. JavaScript's own would take years
 * for `(a+)+b` and forty letters.
 */
export class Regex {
  readonly source: string
  /** Places of the automaton: a letter costs no more than a look at each. */
  readonly places: number
  private readonly first: number
  private readonly states = new Map<string, State>()
  private start: State
  /** For what is worked out at the moment: where it was, and where it is going. */
  private readonly from: StepSet
  private readonly to: StepSet

  /** @throws TypeError that says what is wrong */
  constructor(source: string) {
    this.source = source
    const { steps, first } = regexSteps(parseRegex(source))
    this.first = first
    this.places = steps.length
    this.from = new StepSet(steps)
    this.to = new StepSet(steps)
    this.start = this.firstState()
  }

  matches(text: string): boolean {
    let state = this.start
    let made = 0
    for (let index = 0; index < text.length; index++) {
      const code = symbolAt(text, index)
      let next = state.next[code]
      if (next === undefined) {
        if (++made > MOST_STATES && made * WORTH > index) return this.walk(state, text, index)
        next = this.advance(state, code)
      }
      state = next
      if (state.steps.length === 0) return false
    }
    return state.accepts
  }

  /** Step by step, without states to come back to. */
  private walk({ steps }: State, text: string, start: number): boolean {
    let { from, to } = this
    to.becomeNext(steps, steps.length, symbolAt(text, start))
    for (let index = start + 1; index < text.length && to.size > 0; index++) {
      ;[from, to] = [to, from]
      to.becomeNext(from.members, from.size, symbolAt(text, index))
    }
    return to.accepts
  }

  private advance(state: State, code: number): State {
    this.to.becomeNext(state.steps, state.steps.length, code)
    const next = this.stateOf(this.to)
    state.next[code] = next
    return next
  }

  private firstState(): State {
    this.to.clear()
    this.to.add(this.first)
    return this.stateOf(this.to)
  }

  private stateOf({ members, size, accepts }: StepSet): State {
    const steps = members.slice(0, size).sort()
    const key = String.fromCharCode(...steps)
    const known = this.states.get(key)
    if (known !== undefined) return known
    const state: State = { steps, accepts, next: [] }
    if (this.states.size >= MOST_STATES) this.forget()
    this.states.set(key, state)
    return state
  }

  private forget(): void {
    this.states.clear()
    // What the old ones lead to would stay in memory with them.
    this.start = this.firstState()
  }
}

function symbolAt(text: string, index: number): number {
  return Math.min(text.charCodeAt(index), SYMBOLS - 1)
}
