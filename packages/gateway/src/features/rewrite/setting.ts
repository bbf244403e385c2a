import { canonicalAuthority, canonicalPath, InvalidTarget } from '@headgate/core'
import { keyed, list } from '../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../settings/schema/section.ts'
import { boolean, value } from '../../settings/schema/setting.ts'
import { HOST } from '../../settings/values/host.ts'
import { anyText, type Kind, textKind } from '../../settings/values/kinds.ts'
import { didYouMean, parsed, refused } from '../../settings/values/parsed.ts'
import { pathTemplate, valueTemplate } from '../templates/kinds.ts'

export const stripPrefix: Kind<string> = textKind(
  'a path',
  'a path such as /api, without a slash at its end',
  (written) => {
    if (!written.startsWith('/')) return refused('does not start with "/"', didYouMean(`/${written}`))
    if (/^\/?.*[/?#*]$|[?#]/.test(written)) return refused('is not a path without a slash at its end')
    const canonical = canonicalPath(written)
    if (canonical instanceof InvalidTarget) return refused(`cannot match: ${canonical.reason}`)
    return canonical === written ? parsed(written) : refused('is not canonical', didYouMean(canonical))
  },
  { pattern: '^/[^?#]*[^/?#*]$' },
)

export const hostAndPort: Kind<string> = textKind(
  'a host',
  'host or host:port, such as orders.internal',
  (written) => {
    const authority = canonicalAuthority(written, 80)
    if (authority instanceof InvalidTarget) return refused('is not a host')
    return authority.text === written
      ? parsed(written)
      : refused('is not canonical', didYouMean(authority.text))
  },
  { pattern: `^${HOST}(?::[1-9][0-9]{0,4})?$` },
)

function parameters(about: string) {
  return keyed(anyText, value(valueTemplate)).prefault(nothing).describe(about)
}

const query = section('QueryChangesInput', () => ({
  set: parameters('Parameters to replace or add, with their values, which may hold variables.'),
  add: parameters(
    'Parameters to add beside those that are there, with their values, which may hold variables.',
  ),
  remove: list(value(anyText)).prefault([]).describe('Names of parameters to remove.'),
}))

/** Values are templates. */
export type QueryChangesConfig = Read<typeof query>

export const rewriteSetting = section('RewriteInput', () => ({
  stripPrefix: value(
    stripPrefix,
    "A path that is cut off the front of the request's: with /api, /api/orders becomes /orders.",
  ).optional(),
  restorePrefix: boolean(
    'Put what was cut off, here or by apiVersions.stripPath, back in front of Location, Content-Location, the URL of Refresh and the Path of cookies in what the upstream answers.',
    true,
  ),
  path: value(
    pathTemplate,
    'The path that the upstream sees; it may hold variables such as ${params.id} and ${request.path}.',
  ).optional(),
  host: value(hostAndPort, 'The Host that the upstream sees, as host or host:port.').optional(),
  query: query().optional().describe('Changes to the parameters of the query.'),
}))

/** The path is a template. */
export type RewriteConfig = Read<typeof rewriteSetting>
