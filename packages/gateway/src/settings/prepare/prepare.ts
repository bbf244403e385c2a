import type { Finding, Path } from '../problems/problem.ts'
import { admits, inputSchema, isTemplate, type JsonSchema } from '../schema/schema-tree.ts'
import type { PositionNode } from '../read/positions.ts'
import { asWritten, plainCopy, type Replace } from './plain.ts'
import { FORMS, type Found, holdsVariable, replaceVariables, type Variables } from './variables.ts'

/** A place whose value comes from variables. */
export interface VariablePlace {
  readonly path: Path
  /** With the names of the variables. */
  readonly written: string
  /** With their values: may hold secrets. */
  readonly value: string
}

export interface PreparedInput {
  /** As it was written, without what is not for the gateway. */
  readonly written: unknown
  /** With the values of variables. */
  readonly input: unknown
  readonly places: readonly VariablePlace[]
  readonly findings: readonly Finding[]
  /** Unknown keys that are left out of the rest, as there are too many to tell them all. */
  readonly leftOut: number
}

export type PrepareResult =
  | ({ readonly ok: true } & PreparedInput)
  | { readonly ok: false; readonly finding: Finding }

/** What is known of where the input comes from. */
export interface InputOrigin {
  readonly root?: PositionNode | undefined
  /** Whether texts may stand without quotes, as in YAML. */
  readonly isUnquoted?: boolean
  /** Undefined: none are read, and each is a mistake. */
  readonly variables?: Variables | undefined
  /** Where variables may stand. Left out: everywhere. */
  readonly mayHoldVariables?: ((path: Path) => boolean) | undefined
}

/** Makes plain what was read, within the bounds, and puts the values of variables in their places. */
export function prepareInput(
  raw: unknown,
  { root, isUnquoted = false, variables, mayHoldVariables }: InputOrigin,
): PrepareResult {
  const schema = inputSchema()
  let variable = false
  const plainly = asWritten(root, isUnquoted)
  const plain = plainCopy(raw, schema, (value, path, schemas) => {
    variable ||= typeof value === 'string' && value.includes('${')
    return plainly(value, path, schemas)
  })
  if (!plain.ok) return plain
  const { value: written, leftOut } = plain
  if (!variable) return { ok: true, written, input: written, places: [], findings: [], leftOut }
  const places: VariablePlace[] = []
  const findings: Finding[] = []
  const resolved = plainCopy(written, schema, replacing(variables, mayHoldVariables, places, findings))
  return resolved.ok ? { ok: true, written, input: resolved.value, places, findings, leftOut } : resolved
}

function replacing(
  variables: Variables | undefined,
  mayHoldVariables: InputOrigin['mayHoldVariables'],
  places: VariablePlace[],
  findings: Finding[],
): Replace {
  return (value, path, schemas) => {
    if (typeof value !== 'string' || !value.includes('${')) return value
    const isVariable = holdsVariable(value)
    if (isVariable && (variables === undefined || mayHoldVariables?.(path) === false)) {
      findings.push({ path: [...path], ...NOT_HERE })
      return value
    }
    const found = replaceVariables(value, variables ?? NONE, isTemplate(schemas))
    if (!found.ok) {
      findings.push({ path: [...path], problem: found.problem, allowed: FORMS, hint: found.hint })
      return value
    }
    if (!isVariable) return found.text
    places.push({ path: [...path], written: value, value: found.text })
    return typed(found.text, schemas)
  }
}

const nothing = (): Found => ({ ok: false, problem: '', hint: '' })
const NONE: Variables = { env: {}, file: nothing, exec: nothing }

const NOT_HERE = {
  problem: 'holds a variable, and new variables are taken from the configuration file only',
  hint: 'whoever may change the configuration could read the environment of the gateway otherwise; write the value, or "$${" where "${" is meant',
}

/** As if it had been written there. */
function typed(text: string, schemas: readonly JsonSchema[]): unknown {
  if ((text === 'true' || text === 'false') && admits(schemas, 'boolean')) return text === 'true'
  const isNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text)
  return isNumber && admits(schemas, 'number') && String(Number(text)) === text ? Number(text) : text
}
