import { value } from '../../settings/schema/setting.ts'
import { type Kind, textKind } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'

/** A place of an issuer of tokens that the gateway asks. */
export const providerUrl: Kind<string> = textKind(
  'a URL',
  'an http or https URL without credentials and fragment',
  (written) => {
    const url = URL.canParse(written) ? new URL(written) : undefined
    const isOne = url !== undefined && /^https?:$/.test(url.protocol) && url.username + url.password === ''
    return isOne && !written.includes('#') ? parsed(written) : refused('is not a URL that can be asked')
  },
  { pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^#]+$' },
)

/** What a client of an authorization server is known by there (RFC 6749 2.2). */
export const clientId: Kind<string> = textKind(
  'a client',
  'the client_id of the gateway there: printable ASCII, at most 1,000 characters',
  (written) => (/^[ -~]{1,1000}$/.test(written) ? parsed(written) : refused('is not a client_id')),
  { pattern: '^[ -~]{1,1000}$' },
)

/** What it proves that with. Operators are not shown it. */
export const clientSecret: Kind<string> = {
  allowed: 'a text that is not empty, as ${CLIENT_SECRET} or ${file:client-secret}',
  json: { type: 'string', minLength: 1, writeOnly: true },
  parse: (written) =>
    typeof written === 'string' && written !== '' ? parsed(written) : refused('is not a secret'),
}

const authorities: Kind<string> = {
  allowed: 'certificates in PEM, as ${file:ca.pem}',
  json: { type: 'string' },
  parse: (written) =>
    typeof written === 'string' && written.includes('-----BEGIN CERTIFICATE-----')
      ? parsed(written)
      : refused('holds no certificate in PEM'),
}

export function authoritiesSetting() {
  return value(
    authorities,
    'The authorities to trust there instead of the well-known ones: certificates in PEM, as ${file:ca.pem}, which is read again when it changes.',
  ).optional()
}
