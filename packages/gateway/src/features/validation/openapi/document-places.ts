import type { Fields } from '../../../settings/problems/fields.ts'
import { isFields } from '../../../settings/problems/fields.ts'
import { child, LostReference, type SchemaDocuments, type SchemaPlace } from '../schema-documents.ts'
import { pointerStep } from '../violation.ts'

/** What stands under a key, if something does. */
export function memberOf(place: SchemaPlace | undefined, key: string): SchemaPlace | undefined {
  const value = place?.value
  if (place === undefined || typeof value !== 'object' || value === null || !Object.hasOwn(value, key))
    return undefined
  return child(place, key, (value as Fields)[key])
}

/** All that stand under a place which holds a list or an object. */
export function membersOf(place: SchemaPlace | undefined): [key: string, member: SchemaPlace][] {
  const value = place?.value
  if (place === undefined || typeof value !== 'object' || value === null) return []
  return Object.entries(value).map(([key, member]) => [key, child(place, key, member)])
}

/** References to references are not many. */
const MOST_STEPS = 20

/** What a reference object leads to (3.1, 4.8.23). @throws LostReference */
export function followed(place: SchemaPlace, documents: SchemaDocuments): SchemaPlace {
  let at = place
  for (let step = 0; step < MOST_STEPS; step++) {
    const reference = isFields(at.value) ? at.value['$ref'] : undefined
    if (typeof reference !== 'string') return at
    try {
      at = documents.resolve(reference, at)
    } catch (error) {
      if (!(error instanceof LostReference)) throw error
      throw new LostReference(`refers to ${JSON.stringify(reference)}, which ${error.message}`)
    }
  }
  throw new LostReference('leads from one reference to the next without end')
}

/** A reference to a place, from anywhere. */
export function referenceTo({ document, path }: SchemaPlace): string {
  const pointer = path.map(pointerStep).join('')
  return `${encodeURI(document.file).replaceAll('#', '%23')}#${encodeURI(pointer)}`
}
