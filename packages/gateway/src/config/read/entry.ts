/** Not an assignment: in files, "__proto__" is a key like any other. */
export function addEntry(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
}
