import type { HeaderList } from '@headgate/core'

/** A name as servers may read it: CGI and its heirs know no difference between "-" and "_", and some none to "." (CWE-444). */
export function fieldShape(name: string): string {
  return name.replaceAll(/[_.]/g, '-')
}

/**
 * Takes out what a server may take for a field that is set here; nginx drops such fields for that reason. A client could speak for
 * the gateway.
 * @param names in lower case
 */
export function removeLookAlikes(headers: HeaderList, names: ReadonlySet<string>): void {
  removeWhere(headers, (name) => /[_.]/.test(name) && !names.has(name) && names.has(fieldShape(name)))
}

/** Takes out fields, in whatever spelling they come. @param shapes of their names, as `fieldShape` */
export function removeInAnySpelling(headers: HeaderList, shapes: ReadonlySet<string>): void {
  if (shapes.size > 0) removeWhere(headers, (name) => shapes.has(fieldShape(name)))
}

function removeWhere(headers: HeaderList, isMeant: (name: string) => boolean): void {
  for (let index = headers.size - 1; index >= 0; index--) {
    const name = headers.nameAt(index)
    if (isMeant(name)) headers.delete(name)
  }
}
