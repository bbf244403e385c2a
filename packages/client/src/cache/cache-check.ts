import { type Check, count, isFunction, isObject, settings } from '../option-check.ts'
import type { CacheSettings } from '../options.ts'

const STORE: Check = {
  allowed: 'a store of responses, as ProcessStore of @headgate/core',
  valid: (value) =>
    isObject(value) &&
    ['find', 'begin', 'update', 'remove', 'purge'].every((name) =>
      isFunction((value as Readonly<Record<string, unknown>>)[name]),
    ),
}

/** What the option `cache` of a client may be beside a flag. */
export const CACHE: Check = {
  ...settings<CacheSettings>({ store: STORE, maxBytes: count }),
  allowed: 'an object with a store, or with maxBytes for one of the client’s own',
  valid: (value) => {
    const { store, maxBytes } = Object(value) as CacheSettings
    return isObject(value) && (store === undefined || maxBytes === undefined)
  },
}
