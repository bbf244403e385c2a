import { canonicalPath, InvalidTarget } from '@headgate/core'
import { list } from '../../settings/schema/list.ts'
import { TEMPLATE } from '../../settings/schema/schema-tree.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { bytes, oneOf, value } from '../../settings/schema/setting.ts'
import { type Kind, name, textKind, upstreamReference } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'
import { Template } from '../templates/template.ts'
import { anyJson } from '../transform/setting.ts'

const callPath: Kind<string> = textKind(
  'a path',
  'a path that starts with "/", with variables such as ${params.id} and with what earlier calls have brought ({order/customer/id}); a query may follow it',
  (written) => {
    if (!written.startsWith('/')) return refused('does not start with "/"')
    if (written.includes('#')) return refused('holds a fragment')
    try {
      void new Template(written)
    } catch (error) {
      return refused((error as Error).message)
    }
    const example = written.replaceAll(/\$?\{[^}]*\}/g, 'x').split('?', 1)[0] ?? ''
    const canonical = canonicalPath(example)
    return canonical instanceof InvalidTarget ? refused(`is no path: ${canonical.reason}`) : parsed(written)
  },
  { $comment: TEMPLATE, pattern: '^/[^#]*$' },
)

const call = section('AggregateCallInput', () => ({
  name: value(name, 'Under which what it brings stands in the answer, and by which later calls name it.'),
  upstream: value(upstreamReference, 'The name of an upstream, or the URL of a single endpoint.'),
  path: value(
    callPath,
    'What is asked for there. A call that names an earlier one waits for it; all others are made at the same time.',
  ),
  onFailure: oneOf(
    ['fail', 'omit', 'value'],
    'What becomes of the answer where the call fails, or its answer is not 2xx or no JSON: fail hands the failure on, omit leaves its part out, value puts one in its place.',
  ).prefault('fail'),
  value: value(anyJson, 'For onFailure: value.').optional(),
}))

export const aggregateSetting = section('AggregateInput', () => ({
  calls: list(call()).min(1).describe('The calls of which the answer is made.'),
  merge: oneOf(
    ['by-name', 'members'],
    'How the answer is made: an object with what each call brings under its name, or one with the members of all objects that calls bring, later ones in place of earlier ones.',
  ).prefault('by-name'),
  limit: bytes('Size of what one call may bring.', { min: '64B', max: '64MiB' }).prefault('1MiB'),
}))

export type AggregateConfig = Read<typeof aggregateSetting>
