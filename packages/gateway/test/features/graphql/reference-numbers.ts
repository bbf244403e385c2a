import {
  type DocumentNode,
  type FragmentDefinitionNode,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  visit,
} from 'graphql'

/** What graphql-js would say of an operation, worked out by writing every spread out. */
export interface ReferenceNumbers {
  readonly type: string
  readonly name: string | undefined
  readonly rootFields: readonly string[]
  readonly rootFieldCount: number
  readonly depth: number
  readonly fields: number
  readonly aliases: number
  readonly directives: number
  readonly introspects: boolean
}

/** Undefined if there is no such operation, a fragment is missing, or one spreads itself. */
export function referenceNumbers(document: DocumentNode, name?: string): ReferenceNumbers | undefined {
  const operation = getOperationAST(document, name)
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const each of document.definitions)
    if (each.kind === Kind.FRAGMENT_DEFINITION) fragments.set(each.name.value, each)
  if (operation === undefined || operation === null) return undefined
  const counted = { depth: 0, fields: 0, aliases: 0, directives: directivesOf(operation), introspects: false }
  const top: string[] = []
  const open: string[] = []
  try {
    walk(operation.selectionSet, 0)
  } catch {
    return undefined
  }
  return {
    ...counted,
    type: operation.operation,
    name: operation.name?.value,
    rootFields: [...new Set(top)].sort(),
    rootFieldCount: top.length,
  }

  function walk(set: SelectionSetNode, level: number): void {
    for (const selection of set.selections) {
      counted.directives += selection.directives?.length ?? 0
      if (selection.kind === Kind.FIELD) {
        counted.fields++
        if (selection.alias !== undefined) counted.aliases++
        if (level === 0) top.push(selection.name.value)
        counted.depth = Math.max(counted.depth, level + 1)
        counted.introspects ||= ['__schema', '__type'].includes(selection.name.value)
        if (selection.selectionSet !== undefined) walk(selection.selectionSet, level + 1)
      } else if (selection.kind === Kind.INLINE_FRAGMENT) walk(selection.selectionSet, level)
      else {
        const fragment = fragments.get(selection.name.value)
        if (fragment === undefined || open.includes(selection.name.value)) throw new Error('no such fragment')
        counted.directives += fragment.directives?.length ?? 0
        open.push(selection.name.value)
        walk(fragment.selectionSet, level)
        open.pop()
      }
    }
  }
}

/** Those at the operation itself and at its variables. */
function directivesOf(operation: OperationDefinitionNode): number {
  let count = 0
  visit(operation, {
    SelectionSet: () => false,
    Directive() {
      count++
    },
  })
  return count
}
