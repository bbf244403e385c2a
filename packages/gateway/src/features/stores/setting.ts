import { type Read, section } from '../../settings/schema/section.ts'
import { time, value } from '../../settings/schema/setting.ts'
import { filePath, type Kind, textKind } from '../../settings/values/kinds.ts'
import { didYouMean, parsed, refused } from '../../settings/values/parsed.ts'

const URL_FORM =
  /^rediss?:\/\/(?:[^@/\s]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^:@/?#[\]\s]+)(?::[0-9]{1,5})?(?:\/[0-9]{0,4})?$/

const redisUrl: Kind<string> = textKind(
  'the URL of a Redis server',
  'redis://host:port, or rediss://host:port with TLS; with user:password@ before the host and /number of a database behind it, where there are such',
  (written) => {
    if (/^https?:/i.test(written))
      return refused('is no URL of Redis', 'Redis is spoken to as redis://host:port')
    if (/^[^:/@\s]+:\d{1,5}$/.test(written)) return refused('has no scheme', didYouMean(`redis://${written}`))
    return URL_FORM.test(written) && URL.canParse(written) ? parsed(written) : refused('is no URL of Redis')
  },
  { pattern: URL_FORM.source },
)

/** Operators are not shown it. */
const password: Kind<string> = {
  allowed: 'a text that is not empty',
  json: { type: 'string', minLength: 1, writeOnly: true },
  parse: (written) =>
    typeof written === 'string' && written !== '' ? parsed(written) : refused('is not a password'),
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$/
const storePrefix: Kind<string> = textKind(
  'a prefix',
  'letters, digits, "_", "-", "." and ":", a letter or digit first, at most 100',
  (written) => (NAME.test(written) ? parsed(written) : refused('is not a prefix')),
  { pattern: NAME.source },
)

const userName: Kind<string> = textKind(
  'the name of a user',
  'a text without white space',
  (written) => (/^\S+$/.test(written) ? parsed(written) : refused('is not the name of a user')),
  { pattern: '^\\S+$' },
)

/** A store of its own name, for the features that name it. */
export const storeSetting = section('StoreInput', () => ({
  redis: value(
    redisUrl,
    'A server of Redis 7 or newer: redis://host:port, or rediss:// with TLS; with user, password and the number of a database where there are such, as rediss://user:password@host:6379/1.',
  ),
  username: value(userName, 'The user (ACL), instead of the one in the URL.').optional(),
  password: value(
    password,
    'The password, instead of the one in the URL: ${REDIS_PASSWORD}, where characters of it would have to be escaped there.',
  ).optional(),
  ca: value(
    filePath,
    'Certificates (PEM) by which that of the server is checked, with rediss://. Left out: those that Node trusts.',
  ).optional(),
  prefix: value(
    storePrefix,
    'What all names in it begin with: gateways with the same one share what they keep there.',
  ).prefault('headgate'),
  timeout: time('How long a call may take; a longer one counts as an error.').prefault('200ms'),
}))

export type StoreConfig = Read<typeof storeSetting>

/** A configuration, as far as its stores are concerned. */
export interface StoredGateway {
  readonly stores: Readonly<Record<string, StoreConfig>>
}
