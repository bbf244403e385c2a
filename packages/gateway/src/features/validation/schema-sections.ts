import { fieldOf, isFields, listOf } from '../../settings/problems/fields.ts'
import type { Path } from '../../settings/problems/problem.ts'

/** A place where a configuration, as it was written, speaks of schemas. */
export interface SchemaSection {
  readonly section: unknown
  readonly path: Path
}

/** Where a configuration, as it was written, holds `validate`: in routes, in groups and in defaults. */
export function validateSections(input: unknown): SchemaSection[] {
  const groups = fieldOf(input, 'groups')
  const owners: { owner: unknown; path: Path }[] = [
    ...listOf(fieldOf(input, 'routes')).map((owner, index) => ({ owner, path: ['routes', index] as Path })),
    ...(isFields(groups) ? Object.entries(groups) : []).map(([name, owner]) => ({
      owner,
      path: ['groups', name] as Path,
    })),
    { owner: fieldOf(input, 'defaults'), path: ['defaults'] },
  ]
  return owners.flatMap(({ owner, path }) => {
    const section = fieldOf(owner, 'validate')
    return section === undefined ? [] : [{ section, path: [...path, 'validate'] }]
  })
}
