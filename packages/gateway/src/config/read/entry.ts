/** In files, "__proto__" is a key like any other; to define the others as well would cost five times an assignment. */
export function addEntry(object: object, name: string, value: unknown): void {
  if (name !== '__proto__') (object as Record<string, unknown>)[name] = value
  else Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
}
