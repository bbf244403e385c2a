import { mediaTypeTest } from '@headgate/core'

/** JSON under any name. */
export const isJson: (contentType: string) => boolean = mediaTypeTest(['application/json', '*+json'])

/** What people read, or programs as text. */
export const isText: (contentType: string) => boolean = mediaTypeTest([
  'text/*',
  '*+json',
  '*+xml',
  'application/json',
  'application/xml',
  'application/javascript',
  'application/x-javascript',
  'application/ndjson',
])
