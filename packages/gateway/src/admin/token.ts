import type { AdminTokenConfig } from '../config/schema/change-schema.ts'
import { whyUnreadable } from '../settings/read/read-text.ts'
import { LARGEST_SECRET, readPlainFile } from '../plain-file.ts'
import { StartError } from '../workers/start-failure.ts'

/**
 * Reads the token of the admin endpoints.
 * @throws StartError if there is none where it should be: the endpoints must not be open by mistake
 */
export function readToken(
  token: AdminTokenConfig | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (token === undefined) return undefined
  const [place, found] =
    'env' in token
      ? [`the environment variable ${token.env}`, env[token.env]?.trim()]
      : [token.file, contentOf(token.file)]
  if (found === undefined || found === '') {
    throw new StartError({ message: `admin.token: there is no token in ${place}` })
  }
  if (/\s/.test(found))
    throw new StartError({ message: `admin.token: what ${place} holds has white space in it` })
  return found
}

function contentOf(file: string): string {
  try {
    return readPlainFile(file, LARGEST_SECRET).toString('utf8').trim()
  } catch (error) {
    throw new StartError({ message: `admin.token: ${file} cannot be read: ${whyUnreadable(error)}` })
  }
}
