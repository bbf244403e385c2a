import { type Read, section } from '../../settings/schema/section.ts'
import { value } from '../../settings/schema/setting.ts'
import { type Kind, textKind } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'

/** The name of a claim. */
export const claim: Kind<string> = textKind(
  'a claim',
  'the name of a claim',
  (written) =>
    /^[^\p{Cc}]{1,200}$/u.test(written) ? parsed(written) : refused('is not the name of a claim'),
  { minLength: 1, maxLength: 200 },
)

/** Which claims an identity is made of. */
export const claimsSetting = section('ClaimsInput', () => ({
  subject: value(claim, 'Who it is.').prefault('sub'),
  name: value(claim, 'Their name, for people.').prefault('name'),
  groups: value(claim, 'Their groups: a list of texts, or a text with spaces.').prefault('groups'),
  scopes: value(claim, 'What they may do: a list of texts, or a text with spaces.').prefault('scope'),
}))

export type ClaimNames = Read<typeof claimsSetting>
