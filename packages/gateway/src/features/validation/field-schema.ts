import { type Fields, fieldsOf, isFields } from '../../settings/problems/fields.ts'
import { addEntry } from '../../settings/read/positions.ts'
import { KEYWORDS } from './keywords.ts'

/** A schema of the fields of a head. */
export interface FieldSchema {
  /** All names in it are in lower case, as those of the fields that it looks at. */
  readonly schema: Fields | boolean
  /** Names as they were written, by the same in lower case. */
  readonly spelled: ReadonlyMap<string, string>
}

/**
 * Names of fields are in any case, and those of a schema are compared letter by letter: one in upper case would never be there,
 * so that `not: { required: [X-Debug] }` would take it. Values of fields are no objects, so that names stand for fields wherever
 * they are in the schema.
 * @param copied what was found to be a schema
 */
export function fieldSchema(copied: Fields | boolean): FieldSchema {
  const lowering = new Lowering()
  return { schema: lowering.schema(copied), spelled: lowering.spelled }
}

class Lowering {
  readonly spelled = new Map<string, string>()

  schema<T>(copied: T): T | Fields {
    if (!isFields(copied)) return copied
    const lowered = {}
    for (const [keyword, value] of Object.entries(copied))
      addEntry(lowered, keyword, this.keyword(keyword, value))
    return lowered
  }

  private keyword(keyword: string, value: unknown): unknown {
    if (keyword === 'required') return this.names(value)
    if (keyword === 'dependentRequired') return this.members(value, (lists) => this.names(lists.flat()))
    if (keyword === 'properties' || keyword === 'dependentSchemas')
      return this.members(value, (schemas) => this.allOf(schemas))
    // Of schemas that references lead to, by numbers.
    if (keyword === '$defs') return this.named(value)
    switch (Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined) {
      case 'schema':
        return this.schema(value)
      case 'schemas':
        return Array.isArray(value) ? value.map((each) => this.schema<unknown>(each)) : value
      // Patterns stay as they are, and see names in lower case.
      case 'named-schemas':
        return this.named(value)
      default:
        return value
    }
  }

  private named(value: unknown): unknown {
    const lowered = {}
    for (const [name, schema] of Object.entries(fieldsOf(value))) addEntry(lowered, name, this.schema(schema))
    return lowered
  }

  private names(value: unknown): unknown {
    if (!Array.isArray(value)) return value
    return [...new Set(value.map((name: unknown) => (typeof name === 'string' ? this.lower(name) : name)))]
  }

  /** Where a name stands in several cases, all of what is said of it holds. */
  private members(value: unknown, joined: (values: readonly unknown[]) => unknown): unknown {
    const byName = new Map<string, unknown[]>()
    for (const [name, member] of Object.entries(fieldsOf(value))) {
      const lower = this.lower(name)
      byName.set(lower, [...(byName.get(lower) ?? []), member])
    }
    const lowered = {}
    for (const [name, values] of byName) addEntry(lowered, name, joined(values))
    return lowered
  }

  private allOf(schemas: readonly unknown[]): unknown {
    const [first, ...others] = schemas.map((each) => this.schema(each))
    return others.length === 0 ? first : { allOf: [first, ...others] }
  }

  private lower(name: string): string {
    const lower = name.toLowerCase()
    if (!this.spelled.has(lower)) this.spelled.set(lower, name)
    return lower
  }
}
