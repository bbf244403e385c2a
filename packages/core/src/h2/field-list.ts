import type { Field } from './field.ts'

/** Fields in their order: an array, or a list of those of a head. */
export interface Fields {
  readonly length: number
  at(index: number): Field | undefined
}

/** Room for so many fields from the start, and kept for no more than so many. */
const USUAL_FIELDS = 32
const MOST_KEPT = 128

/**
 * The fields of a message while it is read or written, in room that the next message has after it. An array would be made, grown and
 * thrown away for each: half a kilobyte for each exchange, and V8 gives the memory of one up whose length is set to 0.
 */
export class FieldList implements Fields {
  length = 0
  private places: Field[] = new Array<Field>(USUAL_FIELDS)

  /** @param index below `length` */
  at(index: number): Field {
    return this.places[index] as Field // callers stay below `length`
  }

  push(field: Field): void {
    this.places[this.length++] = field
  }

  /** What stood there is referred to until something else does, which may be long where it was a long head. */
  clear(): void {
    this.length = 0
    if (this.places.length > MOST_KEPT) this.places = new Array<Field>(USUAL_FIELDS)
  }
}
