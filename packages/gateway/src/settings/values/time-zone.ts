import { type Kind, textKind } from './kinds.ts'
import { parsed, refused } from './parsed.ts'

/** One that the platform knows: those of the IANA database, by name. */
export const timeZone: Kind<string> = textKind(
  'a time zone',
  'the name of a time zone, such as Europe/Berlin or UTC',
  (written) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: written })
      return parsed(written)
    } catch {
      return refused('is not the name of a time zone')
    }
  },
)
