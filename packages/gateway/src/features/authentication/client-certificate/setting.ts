import { clientCertificateMatch } from '../../client-certificates/match.ts'
import { list, record } from '../../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../../settings/schema/section.ts'
import { oneOf, value } from '../../../settings/schema/setting.ts'
import { anyText, name } from '../../../settings/values/kinds.ts'

/** The names in a certificate that may tell who has shown it. */
export const SUBJECTS = ['uri', 'dns', 'email', 'cn'] as const

export const clientCertificateSetting = section('ClientCertificateAuthenticatorInput', () => ({
  subject: oneOf(
    SUBJECTS,
    'Which of its names says who it is: the first URI (as a SPIFFE id), DNS name or e-mail address that the certificate was made out to, or the CN of its subject. One without such a name is refused.',
  ),
  match: clientCertificateMatch()
    .optional()
    .describe('Which certificates it is for, as in match; others are none of its. Left out: all.'),
  groups: record(list(value(anyText)))
    .prefault(nothing)
    .meta({ propertyNames: name.json })
    .describe(
      'Names of groups, and who is in them: names as subject has it, with * for any text within a part (of a URI none with a slash, of a DNS name or a CN none with a dot, of an e-mail address none with "@"), and ** at the end for all that follows.',
    ),
}))

export type ClientCertificateAuthenticatorConfig = Read<typeof clientCertificateSetting>
