import { resolve } from 'node:path'
import {
  type AdminAnswer,
  type AdminOperation,
  type AdminRequest,
  json,
  operation,
  problem,
} from '../admin-api/operation.ts'
import { type Described, list, map, members, TEXT } from '../admin-api/schema.ts'
import { KeyFile } from '../features/authentication/api-key/key-file.ts'
import type { KeyLine, KeyWords } from '../features/authentication/api-key/key-lines.ts'
import { KEY_NAME, newKey } from '../features/authentication/api-key/new-key.ts'
import { isExpiry } from '../features/authentication/api-key/setting.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { isFields } from '../settings/problems/fields.ts'
import { refusalOf } from '../versions/outcome.ts'
import type { Reloader } from '../versions/reloader.ts'

const KEY_FACTS = {
  name: TEXT,
  groups: list(TEXT),
  scopes: list(TEXT),
  'expires?': TEXT,
  metadata: map(TEXT),
}
const KEYS = members({ keys: list(members(KEY_FACTS)) })
const MADE = members({
  /** It is shown here, and never again. */
  key: TEXT,
  ...KEY_FACTS,
})
const REVOKED = members({ name: TEXT })

export type KeysAnswer = Described<typeof KEYS>
export type MadeKeyAnswer = Described<typeof MADE>

/** What is asked of the supervisor and of who puts configurations in force. */
export interface KeySource {
  readonly config: Pick<GatewayConfig, 'authenticators' | 'variables'>
}
type InForce = Pick<Reloader, 'version' | 'rollback'>

const PLACE = '/authenticators/{authenticator}/keys'
const COMMON = {
  404: 'there is no such authenticator with API keys, or no such key',
  409: 'its keys are in no file of their own, or there is a key of that name',
  500: 'the file cannot be used, or what it holds now cannot be put in force',
}

/** The API keys of an authenticator whose keys are in a file: `keys: "${file:keys.txt}"`. */
export function keyOperations(source: KeySource, reloader: InForce): AdminOperation[] {
  return [
    operation({
      method: 'GET',
      path: PLACE,
      about: 'the API keys of an authenticator: whose they are and what for, and nothing that opens a door',
      id: 'listKeys',
      result: KEYS,
      answers: { 200: 'the keys, as they stand in their file', ...COMMON },
      handle: ({ params }) =>
        withFile(source, reloader, params, (file) => json({ keys: file.keys.map(shown) })),
    }),
    operation({
      method: 'POST',
      path: PLACE,
      about: 'make an API key, which is shown once; its hash is written to the file',
      id: 'makeKey',
      result: MADE,
      body: {
        type: 'object',
        properties: {
          name: { type: 'string', description: 'whose key it is' },
          groups: { type: 'array', items: { type: 'string' } },
          scopes: { type: 'array', items: { type: 'string' } },
          expires: { type: 'string', description: 'a day, or a time with its zone' },
          metadata: { type: 'object', additionalProperties: { type: 'string' } },
        },
        required: ['name'],
        additionalProperties: false,
      },
      answers: { 201: 'the key, which is taken from now on', 400: 'the body is not as described', ...COMMON },
      handle: (request) => make(source, reloader, request),
    }),
    operation({
      method: 'DELETE',
      path: `${PLACE}/{key}`,
      about: 'revoke the API key of that name',
      id: 'revokeKey',
      result: REVOKED,
      answers: { 200: 'it is taken no more', ...COMMON },
      handle: (request) => revoke(source, reloader, request),
    }),
  ]
}

function make(
  source: KeySource,
  reloader: InForce,
  request: AdminRequest,
): Promise<AdminAnswer<MadeKeyAnswer>> {
  const { body, params, author } = request
  const read = readNewKey(body)
  if (typeof read === 'string') return Promise.resolve(problem(400, 'Bad request', read))
  const { name, words } = read
  return withFile(source, reloader, params, async (file) => {
    if (file.has(name))
      return problem(409, 'Conflict', `there is a key of ${name}: revoke it first, or take another name`)
    const { key, line } = newKey(name, words)
    file.add(line)
    const refused = await taken(reloader, author)
    if (refused !== undefined) {
      file.restore()
      return refused
    }
    const facts = shown({ line: 0, fields: { name, hash: '', ...words } })
    return json({ key, ...facts }, { status: 201, change: { what: keyOf(params, name), after: facts } })
  })
}

function revoke(
  source: KeySource,
  reloader: InForce,
  { params, author }: AdminRequest,
): Promise<AdminAnswer<{ name: string }>> {
  const { key: name = '' } = params
  return withFile(source, reloader, params, async (file) => {
    const found = file.keys.find(({ fields }) => fields.name === name)
    if (found === undefined || !file.remove(name))
      return problem(404, 'Not found', `there is no key of ${name}`)
    const refused = await taken(reloader, author)
    if (refused !== undefined) {
      file.restore()
      return refused
    }
    return json({ name }, { change: { what: keyOf(params, name), before: shown(found) } })
  })
}

/** What is in force is put in force again, with what the file holds now: whatever else has changed at its source waits for a reload. */
async function taken(reloader: InForce, author: string): Promise<AdminAnswer<never> | undefined> {
  const outcome = await reloader.rollback(reloader.version.id, { origin: 'admin', author })
  if (outcome.kind === 'applied' || outcome.kind === 'unchanged') return undefined
  const why = refusalOf(outcome) ?? 'another configuration is in force'
  return problem(500, 'Internal server error', `what the file holds now cannot be put in force: ${why}`)
}

/** Opens the file that holds the keys of the authenticator in the path. */
async function withFile<Result>(
  { config }: KeySource,
  reloader: InForce,
  { authenticator = '' }: AdminRequest['params'],
  use: (file: KeyFile) => AdminAnswer<Result> | Promise<AdminAnswer<Result>>,
): Promise<AdminAnswer<Result>> {
  if (
    !Object.hasOwn(config.authenticators, authenticator) ||
    config.authenticators[authenticator]?.apiKey === undefined
  )
    return problem(404, 'Not found', `there is no authenticator ${authenticator} with API keys`)
  const place = JSON.stringify(['authenticators', authenticator, 'apiKey', 'keys'])
  const variable = config.variables?.find(({ path }) => JSON.stringify(path) === place)
  const [, path] = /^\$\{file:([^{}]+)\}$/.exec(variable?.written ?? '') ?? []
  if (path === undefined) {
    const detail = `the keys of ${authenticator} stand in the configuration: write keys: "\${file:keys.txt}", and have them there`
    return problem(409, 'Conflict', detail)
  }
  const file = KeyFile.open(resolve(reloader.version.folder, path), false)
  if (typeof file === 'string') return problem(500, 'Internal server error', `${path}: ${file}`)
  try {
    return await use(file)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return problem(500, 'Internal server error', `${path} cannot be written: ${why}`)
  }
}

function shown({
  fields: { name, groups = [], scopes = [], expires, metadata = {} },
}: KeyLine): KeysAnswer['keys'][number] {
  return { name, groups, scopes, ...(expires !== undefined && { expires }), metadata }
}

function keyOf({ authenticator }: AdminRequest['params'], name: string): string {
  return `API key of ${name} for ${authenticator}`
}

/** What is asked for, or what is wrong with it. */
function readNewKey(body: unknown): { readonly name: string; readonly words: KeyWords } | string {
  if (!isFields(body)) return 'the body must be an object with the name of whose key it is'
  const { name, groups = [], scopes = [], expires, metadata = {}, ...others } = body
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) return `there is no "${unknown}": use name, groups, scopes, expires and metadata`
  if (typeof name !== 'string' || !KEY_NAME.test(name))
    return 'name must be the name of whose key it is: letters, digits, "_", "-" and "."'
  if (!areWords(groups) || !areWords(scopes))
    return 'groups and scopes must be lists of words without blanks and commas'
  if (expires !== undefined && (typeof expires !== 'string' || !isExpiry(expires)))
    return 'expires must be a day, as 2027-01-31, or a time with its zone'
  if (
    !isFields(metadata) ||
    !areWords(Object.values(metadata)) ||
    !Object.keys(metadata).every((key) => METADATA.test(key))
  )
    return 'metadata must be an object of words without blanks, whose names are none of groups, scopes and expires'
  const words = {
    groups,
    scopes,
    ...(expires !== undefined && { expires }),
    metadata: metadata as Record<string, string>,
  } // looked at above
  return { name, words }
}

const METADATA = /^(?!(?:groups|scopes|expires)$)[A-Za-z_][\w-]*$/

/** What stands between blanks and commas in a line of the file. */
function areWords(values: unknown): values is string[] {
  return (
    Array.isArray(values) && values.every((each) => typeof each === 'string' && /^[^\s,\p{Cc}]+$/u.test(each))
  )
}
