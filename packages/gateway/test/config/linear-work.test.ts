import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as apiVersionKinds from '../../src/features/api-versions/setting.ts'
import * as balancingKinds from '../../src/features/balancing.ts'
import * as discoveryKinds from '../../src/features/discovery.ts'
import * as geoKinds from '../../src/features/geo/setting.ts'
import * as kinds from '../../src/settings/values/kinds.ts'
import * as requestFields from '../../src/settings/values/request-field.ts'
import * as rateLimitKinds from '../../src/features/rate-limit/kinds.ts'
import * as answers from '../../src/features/answers.ts'
import * as concurrency from '../../src/features/concurrency.ts'
import * as hedge from '../../src/features/hedge.ts'
import * as match from '../../src/features/match/setting.ts'
import * as mirror from '../../src/features/mirror.ts'
import * as retry from '../../src/features/retry.ts'
import * as rewrite from '../../src/features/rewrite/rewrite.ts'
import * as templateKinds from '../../src/features/templates/kinds.ts'
import {
  escapeVariables,
  holdsVariable,
  isBareVariable,
  replaceVariables,
} from '../../src/settings/prepare/variables.ts'
import { formatPath } from '../../src/settings/problems/problem.ts'
import { show } from '../../src/settings/problems/show.ts'
import { nearestFirst, suggest } from '../../src/settings/problems/suggest.ts'
import { readJson } from '../../src/settings/read/json.ts'
import { redactContent, redactText, redactUrls } from '../../src/settings/redact-text.ts'
import { choice } from '../../src/settings/values/choice.ts'
import { parseByteRate } from '../../src/settings/values/units.ts'
import { cpuTimeOf } from '../../../../scripts/testing/cpu-time.ts'

type Read = (text: string) => unknown

const MODULES = {
  apiVersionKinds,
  balancingKinds,
  discoveryKinds,
  geoKinds,
  kinds,
  rateLimitKinds,
  requestFields,
  answers,
  concurrency,
  hedge,
  match,
  mirror,
  retry,
  rewrite,
  templateKinds,
}

const found = () => ({ ok: true, text: 'a' }) as const
const VARIABLES = { env: {}, file: found, exec: found }
const ANY_WORD = ['round-robin', 'least-connections']

/** Every reader of single texts: the kinds of all settings, as they are written, and what looks at texts besides. */
const READERS: Readonly<Record<string, Read>> = {
  ...Object.fromEntries(
    Object.entries(MODULES).flatMap(([module, exports]) =>
      Object.entries(exports).flatMap(([name, kind]): [string, Read][] =>
        isKind(kind) ? [[`${module}.${name}`, (text) => kind.parse(text)]] : [],
      ),
    ),
  ),
  'kinds.duration': (text) => kinds.duration().parse(text),
  'kinds.size': (text) => kinds.size().parse(text),
  'kinds.orOff': (text) => kinds.orOff(kinds.duration()).parse(text),
  'kinds.whole': (text) => kinds.whole(0).parse(text),
  'a choice': (text) => choice(ANY_WORD).parse(text),
  'a rate of bytes': parseByteRate,
  ...Object.fromEntries(
    ['a', 'link', 'refresh', 'set-cookie', 'location', 'content-location'].map((name): [string, Read] => [
      `the field ${name}`,
      (text) => templateKinds.fieldProblem(name, text),
    ]),
  ),
  variables(text) {
    holdsVariable(text)
    isBareVariable(text)
    escapeVariables(text)
    replaceVariables(text, VARIABLES, false)
  },
  'texts with secrets'(text) {
    redactText(text)
    redactUrls(text)
    redactContent(text)
  },
  'the words of a mistake'(text) {
    show(text)
    formatPath(['routes', text])
    suggest(text, ANY_WORD)
    nearestFirst(text, ANY_WORD)
  },
  JSON: readJson,
}

function isKind(value: unknown): value is { readonly parse: Read } {
  return typeof value === 'object' && value !== null && 'parse' in value && 'allowed' in value
}

/** How texts begin, so that a reader gets as far as where it has to look again. */
const BEGINNINGS = ['', '1', '/a', 'http://a/', '${request.path}', '0;url=${request.path}']
/** What is repeated. */
const PARTS = [
  ...Array.from(' \t,;:=&/\\"%.-+*<([0a\xff'),
  'a,',
  'a=',
  '1h',
  ' ;',
  '/:a',
  '::',
  '1.',
  '%41',
  '${',
  '${A}',
  '$${',
  '${file:a',
]
/** What ends them, so that what was read in vain is looked at once more. */
const END = 'x'

const SIZE = 2 * 1024
/** Milliseconds of CPU. The square of the size takes more. */
const HARMLESS = 3
/** Four times the text may take four times the work; its square is sixteen times. */
const MOST_GROWTH = 8

test('the work for a text of a configuration grows with its length, not with its square', () => {
  assert.ok(Object.keys(READERS).length > 60, Object.keys(READERS).join())
  const slow = Object.entries(READERS).flatMap(([name, read]) =>
    BEGINNINGS.flatMap((beginning) =>
      PARTS.filter((part) =>
        growsTooFast(read, (size) => beginning + part.repeat(size / part.length) + END),
      ).map((part) => `${name}: ${JSON.stringify(beginning)} and many ${JSON.stringify(part)}`),
    ),
  )
  assert.deepEqual(slow, [])
})

/** What else the machine does can make one look too fast, but hardly all of them in a row. */
const ROUNDS = 6

function growsTooFast(read: Read, text: (size: number) => string): boolean {
  if (cost(read, text(SIZE)) < HARMLESS) return false
  for (let round = 0; round < ROUNDS; round++) {
    const few = least(read, text(SIZE))
    const some = least(read, text(SIZE * 4))
    if (some < HARMLESS || some < few * MOST_GROWTH) return false
    if (least(read, text(SIZE * 16)) < some * MOST_GROWTH) return false
  }
  return true
}

function least(read: Read, text: string): number {
  return Math.min(cost(read, text), cost(read, text), cost(read, text))
}

/** Milliseconds of CPU. */
function cost(read: Read, text: string): number {
  return cpuTimeOf(() => {
    try {
      read(text)
    } catch {
      // Refused.
    }
  })
}
