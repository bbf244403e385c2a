import type { HeaderList } from '@headgate/core'

/**
 * Takes out what a server may take for a field that is set here: CGI and its heirs know no difference between "-" and "_", and some
 * none to "." (CWE-444; nginx drops such fields for that reason). A client could speak for the gateway.
 * @param names in lower case
 */
export function removeLookAlikes(headers: HeaderList, names: ReadonlySet<string>): void {
  for (let index = headers.size - 1; index >= 0; index--) {
    const name = headers.nameAt(index)
    if (/[_.]/.test(name) && !names.has(name) && names.has(name.replaceAll(/[_.]/g, '-')))
      headers.delete(name)
  }
}
