import type { AdminOperation } from './endpoint.ts'

/** The operation that a path and method name, with what stands in the path; or the methods that there are. */
export type Looked =
  | { readonly kind: 'found'; readonly operation: AdminOperation; readonly params: Record<string, string> }
  | { readonly kind: 'other-method'; readonly methods: readonly string[] }
  | undefined

/** A method that HEAD is answered through. */
export function lookUp(operations: readonly AdminOperation[], method: string, path: string): Looked {
  const wanted = method === 'HEAD' ? 'GET' : method
  const here = operations.flatMap((operation) => {
    const params = match(operation.path, path)
    return params === undefined ? [] : [{ operation, params }]
  })
  const found = here.find(({ operation }) => operation.method === wanted)
  if (found !== undefined) return { kind: 'found', ...found }
  if (here.length === 0) return undefined
  const methods = here.flatMap(({ operation }) =>
    operation.method === 'GET' ? ['GET', 'HEAD'] : [operation.method],
  )
  return { kind: 'other-method', methods }
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const [expected, actual] = [pattern.split('/'), path.split('/')]
  if (expected.length !== actual.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of expected.entries()) {
    const value = actual[index] ?? ''
    const name = /^\{(\w+)\}$/.exec(part)?.[1]
    if (name === undefined) {
      if (part !== value) return undefined
      continue
    }
    try {
      params[name] = decodeURIComponent(value)
    } catch {
      return undefined
    }
  }
  return params
}
