import { END, Lexer, NAME, NUMBER, SPREAD, STRING } from './lexer.ts'
import { GraphqlRefusal, malformed } from './error-response.ts'

export const OPERATION_TYPES = ['query', 'mutation', 'subscription'] as const
export type OperationType = (typeof OPERATION_TYPES)[number]

/**
 * How deep braces, brackets and parentheses may nest, and fragments spread each other: what is read here, and by the origin, is
 * read by functions that call themselves.
 */
export const MOST_NESTED = 200

/** What one operation or fragment asks for by itself, its spreads not resolved. */
export interface Selections {
  /** Of the deepest field; those at the top are at 1. */
  depth: number
  fields: number
  aliases: number
  directives: number
  /** Whether it asks for the schema. */
  introspects: boolean
  /** Names of the fields at the top, each time that they stand there. */
  readonly top: string[]
  readonly spreads: Spread[]
}

export interface Spread {
  readonly fragment: string
  /** How many fields it stands in. */
  readonly level: number
}

export interface OperationDefinition {
  readonly type: OperationType
  /** Undefined if it has none. */
  readonly name: string | undefined
  readonly selections: Selections
}

/** A document that can be executed, as far as it must be known to be judged. */
export interface GraphqlDocument {
  /** At least one. */
  readonly operations: readonly OperationDefinition[]
  readonly fragments: ReadonlyMap<string, Selections>
  readonly tokens: number
}

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_PAREN = 0x28
const CLOSE_PAREN = 0x29
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COLON = 0x3a
const DOLLAR = 0x24
const AT = 0x40
const EQUALS = 0x3d
const BANG = 0x21

/**
 * Reads a document (October 2021, section 2.2 on) in one pass, without a syntax tree. Definitions of types are refused, as are
 * two definitions of one name.
 * @throws GraphqlRefusal
 */
export function readDocument(text: string, maxTokens: number): GraphqlDocument {
  return new DocumentReader(new Lexer(text, maxTokens)).document()
}

class DocumentReader {
  private readonly lexer: Lexer
  private nesting = 0
  private selections: Selections = emptySelections()

  constructor(lexer: Lexer) {
    this.lexer = lexer
  }

  document(): GraphqlDocument {
    const { lexer } = this
    const operations: OperationDefinition[] = []
    const fragments = new Map<string, Selections>()
    lexer.next()
    while (!this.at(END)) {
      this.selections = emptySelections()
      if (lexer.isName('fragment')) this.fragment(fragments)
      else operations.push(this.operation())
    }
    if (operations.length === 0) throw malformed('the document holds no operation')
    checkNames(operations)
    return { operations, fragments, tokens: lexer.tokens }
  }

  private operation(): OperationDefinition {
    const { lexer, selections } = this
    let type: OperationType | undefined = 'query'
    let name: string | undefined
    if (!this.at(OPEN_BRACE)) {
      type = OPERATION_TYPES.find((each) => lexer.isName(each))
      if (type === undefined) throw lexer.fault()
      lexer.next()
      if (this.at(NAME)) name = this.name()
      if (this.at(OPEN_PAREN)) this.variables()
      this.directives()
    }
    this.selectionSet(0)
    return { type, name, selections }
  }

  private fragment(fragments: Map<string, Selections>): void {
    const { lexer } = this
    lexer.next()
    if (lexer.isName('on')) throw lexer.fault()
    const name = this.name()
    if (!lexer.isName('on')) throw lexer.fault()
    lexer.next()
    this.name()
    this.directives()
    this.selectionSet(0)
    if (fragments.has(name)) throw malformed('the document defines two fragments of the same name')
    fragments.set(name, this.selections)
  }

  private selectionSet(level: number): void {
    this.enter(OPEN_BRACE)
    do this.selection(level)
    while (!this.at(CLOSE_BRACE))
    this.leave()
  }

  private selection(level: number): void {
    if (this.at(SPREAD)) this.spread(level)
    else this.field(level)
  }

  private field(level: number): void {
    const { lexer, selections } = this
    let name = this.name()
    if (this.at(COLON)) {
      lexer.next()
      name = this.name()
      selections.aliases++
    }
    selections.fields++
    if (level === 0) selections.top.push(name)
    if (level >= selections.depth) selections.depth = level + 1
    if (name === '__schema' || name === '__type') selections.introspects = true
    if (this.at(OPEN_PAREN)) this.arguments(false)
    this.directives()
    if (this.at(OPEN_BRACE)) this.selectionSet(level + 1)
  }

  private spread(level: number): void {
    const { lexer } = this
    lexer.next()
    if (this.at(NAME) && !lexer.isName('on')) {
      this.selections.spreads.push({ fragment: this.name(), level })
      return this.directives()
    }
    if (this.at(NAME)) {
      lexer.next()
      this.name()
    }
    this.directives()
    this.selectionSet(level)
  }

  private directives(isConstant = false): void {
    const { lexer } = this
    while (this.at(AT)) {
      lexer.next()
      this.name()
      this.selections.directives++
      if (this.at(OPEN_PAREN)) this.arguments(isConstant)
    }
  }

  private arguments(isConstant: boolean): void {
    this.enter(OPEN_PAREN)
    do this.namedValue(isConstant)
    while (!this.at(CLOSE_PAREN))
    this.leave()
  }

  private variables(): void {
    const { lexer } = this
    this.enter(OPEN_PAREN)
    do {
      this.expect(DOLLAR)
      this.name()
      this.expect(COLON)
      this.type()
      if (this.at(EQUALS)) {
        lexer.next()
        this.value(true)
      }
      this.directives(true)
    } while (!this.at(CLOSE_PAREN))
    this.leave()
  }

  private type(): void {
    const { lexer } = this
    if (this.at(OPEN_BRACKET)) {
      this.enter(OPEN_BRACKET)
      this.type()
      if (!this.at(CLOSE_BRACKET)) throw lexer.fault()
      this.leave()
    } else this.name()
    if (this.at(BANG)) lexer.next()
  }

  private namedValue(isConstant: boolean): void {
    this.name()
    this.expect(COLON)
    this.value(isConstant)
  }

  private value(isConstant: boolean): void {
    const { lexer } = this
    switch (lexer.kind) {
      case NAME:
      case NUMBER:
      case STRING:
        return lexer.next()
      case DOLLAR:
        if (isConstant) throw lexer.fault()
        lexer.next()
        this.name()
        return
      case OPEN_BRACKET:
        this.enter(OPEN_BRACKET)
        while (!this.at(CLOSE_BRACKET)) this.value(isConstant)
        return this.leave()
      case OPEN_BRACE:
        this.enter(OPEN_BRACE)
        while (!this.at(CLOSE_BRACE)) this.namedValue(isConstant)
        return this.leave()
      default:
        throw lexer.fault()
    }
  }

  private at(kind: number): boolean {
    return this.lexer.kind === kind
  }

  private name(): string {
    const { lexer } = this
    if (!this.at(NAME)) throw lexer.fault()
    const name = lexer.value()
    lexer.next()
    return name
  }

  private expect(kind: number): void {
    if (!this.at(kind)) throw this.lexer.fault()
    this.lexer.next()
  }

  private enter(kind: number): void {
    this.expect(kind)
    if (++this.nesting > MOST_NESTED) throw tooDeep()
  }

  private leave(): void {
    this.nesting--
    this.lexer.next()
  }
}

/** Also of fragments that spread each other. */
export function tooDeep(): GraphqlRefusal {
  return new GraphqlRefusal('depth', `the document is nested more than ${MOST_NESTED} levels deep`, {
    value: MOST_NESTED + 1,
    limit: MOST_NESTED,
  })
}

/** 5.2.1.1 and 5.2.2.1: without them, which operation is meant depends on who reads. */
function checkNames(operations: readonly OperationDefinition[]): void {
  const names = new Set(operations.map(({ name }) => name))
  if (names.size < operations.length)
    throw malformed('the document defines two operations of the same name, or without one')
  if (operations.length > 1 && names.has(undefined))
    throw malformed('the document holds an operation without a name beside another')
}

function emptySelections(): Selections {
  return { depth: 0, fields: 0, aliases: 0, directives: 0, introspects: false, top: [], spreads: [] }
}
