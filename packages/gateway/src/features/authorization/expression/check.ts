import { suggest } from '../../../settings/problems/suggest.ts'
import { didYouMean } from '../../../settings/values/parsed.ts'
import { type Expr, SearchPattern } from './cel.ts'
import { FUNCTION_NAMES, FUNCTIONS, misuse } from './functions.ts'
import { joined, LARGEST, lengthOf, nameOf, type Type, VARIABLES } from './types.ts'

/**
 * How much an expression may have to do, for the largest values that it can be given: steps of about two microseconds. What takes
 * longer would hold up all other requests of the thread; a loop within a loop over fields of a request does.
 */
const MOST_STEPS = 2_000
/** So many letters are looked through in one step. */
const LETTERS = 128

/** What is wrong with an expression, and where. */
export class ExpressionMistake extends Error {
  readonly node: Expr
  readonly hint: string | undefined

  constructor(node: Expr, problem: string, hint?: string) {
    super(problem)
    this.node = node
    this.hint = hint
  }
}

/** What an expression asks for: `request.method`, as its variable and the part of it. */
export type UsedParts = ReadonlyMap<string, ReadonlySet<string>>

/**
 * Finds out that an expression says true or false, knows all that it names, and ends soon.
 * @throws ExpressionMistake
 */
export function checkExpression(expr: Expr): UsedParts {
  const checker = new Checker()
  const { kind } = checker.typeOf(expr, new Map(), 1)
  if (kind !== 'bool' && kind !== 'any') throw new ExpressionMistake(expr, 'is not true or false')
  if (checker.steps > MOST_STEPS)
    throw new ExpressionMistake(
      expr,
      `may take ${Math.ceil(checker.steps)} steps, and ${MOST_STEPS} are allowed`,
      'a loop within a loop takes most',
    )
  return checker.used
}

type Scope = ReadonlyMap<string, Type>

type Called = Extract<Expr['exprKind'], { case: 'callExpr' }>['value']
type Comprehension = Extract<Expr['exprKind'], { case: 'comprehensionExpr' }>['value']
type Select = Extract<Expr['exprKind'], { case: 'selectExpr' }>['value']

const BOOL: Type = { kind: 'bool' }
const NUMBER: Type = { kind: 'number' }

class Checker {
  steps = 0
  readonly used = new Map<string, Set<string>>()

  /** @param times how often it is worked out */
  typeOf(node: Expr | undefined, scope: Scope, times: number): Type {
    if (node === undefined) throw new TypeError('an expression lacks a part')
    this.steps += times
    const { exprKind } = node
    switch (exprKind.case) {
      case 'constExpr':
        return constantType(node, exprKind.value.constantKind)
      case 'identExpr':
        return named(node, exprKind.value.name, scope)
      case 'selectExpr':
        return this.selected(node, exprKind.value, scope, times)
      case 'callExpr':
        return this.called(node, exprKind.value, scope, times)
      case 'listExpr':
        return this.listed(exprKind.value.elements, scope, times)
      case 'comprehensionExpr':
        return this.repeated(node, exprKind.value, scope, times)
      default:
        throw new ExpressionMistake(node, 'makes a map or a message, which is not possible here')
    }
  }

  private selected(node: Expr, { operand, field, testOnly }: Select, scope: Scope, times: number): Type {
    const whole = this.typeOf(operand, scope, times)
    if (whole.kind === 'parts') {
      const part = Object.hasOwn(whole.parts, field) ? whole.parts[field] : undefined
      const variable = operand?.exprKind.case === 'identExpr' ? operand.exprKind.value.name : ''
      if (part === undefined) {
        const meant = suggest(field, Object.keys(whole.parts))
        const hint =
          meant === undefined ? `there is ${Object.keys(whole.parts).join(', ')}` : didYouMean(meant)
        throw new ExpressionMistake(node, `asks for ${variable}.${field}, which is not known`, hint)
      }
      this.used.set(variable, (this.used.get(variable) ?? new Set()).add(field))
      return testOnly ? BOOL : part
    }
    if (whole.kind !== 'map' && whole.kind !== 'any')
      throw new ExpressionMistake(node, `asks for ${field} of ${nameOf(whole)}`)
    if (testOnly) return BOOL
    return whole.kind === 'map' ? whole.value : whole
  }

  private listed(elements: readonly Expr[], scope: Scope, times: number): Type {
    const types = elements.map((each) => this.typeOf(each, scope, times))
    const element = types.reduce<Type | undefined>((all, each) => (all ? joined(all, each) : each), undefined)
    return { kind: 'list', count: elements.length, element: element ?? { kind: 'any' } }
  }

  /** `exists`, `all`, `map` and their like: the body once for each entry. */
  private repeated(node: Expr, loop: Comprehension, scope: Scope, times: number): Type {
    const range = this.typeOf(loop.iterRange, scope, times)
    if (range.kind !== 'list' && range.kind !== 'map' && range.kind !== 'any')
      throw new ExpressionMistake(node, `goes through ${nameOf(range)}, which is no list`)
    const count = range.kind === 'any' ? LARGEST.entries : range.count
    const element = entryOf(range)
    const start = this.typeOf(loop.accuInit, scope, times)
    const rounds = times * Math.max(count, 1)
    const inner = new Map([...scope, [loop.iterVar, element], [loop.accuVar, start]] as const)
    this.typeOf(loop.loopCondition, inner, rounds)
    const step = this.typeOf(loop.loopStep, inner, rounds)
    const outcome: Type =
      start.kind === 'list' && step.kind === 'list'
        ? { ...step, count: count * Math.max(step.count, 1) }
        : start
    return this.typeOf(loop.result, new Map([...scope, [loop.accuVar, outcome]] as const), times)
  }

  private called(node: Expr, { function: name, target, args }: Called, scope: Scope, times: number): Type {
    const given = [...(target === undefined ? [] : [target]), ...args]
    const types = given.map((each) => this.typeOf(each, scope, times))
    const signature = FUNCTIONS.get(name)
    if (signature === undefined) {
      const meant = suggest(name, FUNCTION_NAMES)
      const hint = meant === undefined ? `there is ${FUNCTION_NAMES.join(', ')}` : didYouMean(meant)
      throw new ExpressionMistake(node, `calls ${JSON.stringify(name)}, which is not known`, hint)
    }
    if (name === 'matches') this.checkPattern(node, given[1])
    return signature({
      types,
      refuse: (what) => {
        throw new ExpressionMistake(node, misuse(what, types))
      },
      takes: (steps) => void (this.steps += times * steps),
      looksThrough: (type) => void (this.steps += (times * lengthOf(type)) / LETTERS),
    })
  }

  /** It stands there itself, so that nobody who sends a request has one compiled. */
  private checkPattern(node: Expr, pattern: Expr | undefined): void {
    const kind = pattern?.exprKind.case === 'constExpr' ? pattern.exprKind.value.constantKind : undefined
    if (kind?.case !== 'stringValue')
      throw new ExpressionMistake(node, 'matches a pattern that does not stand there itself')
    try {
      new SearchPattern(kind.value)
    } catch (error) {
      throw new ExpressionMistake(node, `has a pattern that ${(error as Error).message}`) // a TypeError, as it says
    }
  }
}

type Constant = Extract<Expr['exprKind'], { case: 'constExpr' }>['value']['constantKind']

function constantType(node: Expr, constant: Constant): Type {
  switch (constant.case) {
    case 'boolValue':
      return BOOL
    case 'int64Value':
    case 'uint64Value':
    case 'doubleValue':
      return NUMBER
    case 'stringValue':
      return { kind: 'text', length: constant.value.length }
    case 'nullValue':
      return { kind: 'null' }
    default:
      throw new ExpressionMistake(node, 'has a value of a kind that is not known here')
  }
}

function named(node: Expr, name: string, scope: Scope): Type {
  const known = scope.get(name) ?? (Object.hasOwn(VARIABLES, name) ? VARIABLES[name] : undefined)
  if (known !== undefined) return known
  const names = Object.keys(VARIABLES)
  const meant = suggest(name, names)
  const hint = meant === undefined ? `there is ${names.join(', ')}` : didYouMean(meant)
  throw new ExpressionMistake(node, `names ${name}, which is not known`, hint)
}

function entryOf(range: Type): Type {
  if (range.kind === 'list') return range.element
  return range.kind === 'map' ? { kind: 'text', length: LARGEST.name } : { kind: 'any' }
}
