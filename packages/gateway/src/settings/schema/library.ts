import type { library } from './zod.ts'

type Zod = typeof library

let loaded: Zod | undefined

/**
 * The library that settings are made with. Settings are functions, called where a configuration is read; threads that get one which
 * is read already know what a feature is, and never load the library: see use-zod.ts.
 */
export function zod(): Zod {
  if (loaded === undefined) throw new TypeError('no setting can be made here: use-zod.ts is not imported')
  return loaded
}

export function provide(used: Zod): void {
  loaded = used
}

/** A function that makes what it returns when it is called first. */
export function once<Made>(make: () => Made): () => Made {
  let made: { readonly value: Made } | undefined
  return () => (made ??= { value: make() }).value
}
