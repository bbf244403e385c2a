import { hashOfKey } from '../../features/authentication/api-key/api-key.ts'
import { isExpiry } from '../../features/authentication/api-key/setting.ts'
import { KeyFile } from '../../features/authentication/api-key/key-file.ts'
import type { KeyWords } from '../../features/authentication/api-key/key-lines.ts'
import { KEY_NAME, newKey } from '../../features/authentication/api-key/new-key.ts'
import { type CliCommand, type CliValues, EXIT, JSON_OPTION, printFound } from '../command.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'

export const keys: CliCommand = {
  description:
    'Makes API keys, and keeps a file of their hashes for an authenticator with keys: ${file:keys.txt}. new makes a key, shows it ' +
    'once, and adds its line to the file, or prints the line where no file is named; list shows the lines; revoke takes one out; ' +
    'hash reads a key from standard input and prints its hash. A gateway that runs reads the file again when it changes.',
  arguments: [
    { name: 'action', about: 'new, list, revoke or hash' },
    { name: 'name', about: 'with new and revoke: whose key it is', repeats: true },
  ],
  options: [
    { flags: '--file <file>', about: 'the file of keys' },
    {
      flags: '--group <name>',
      about: 'with new: a group of its owner; may be given several times',
      repeats: true,
    },
    { flags: '--scope <name>', about: 'with new: what it is for; may be given several times', repeats: true },
    { flags: '--expires <day>', about: 'with new: when it ends, as 2027-01-31' },
    JSON_OPTION,
  ],
  examples: [
    {
      command: 'headgate keys new shop --file keys.txt --scope orders:read',
      about: 'a key for shop, which is shown once',
    },
    { command: 'headgate keys revoke shop --file keys.txt', about: 'it is not taken any more' },
  ],
  async run(values, terminal) {
    const misuse = misuseOf(values)
    if (misuse !== undefined) {
      terminal.err(`headgate: ${misuse}\n`)
      return EXIT.usage
    }
    const { action, name = '', file: path } = values
    if (action === 'hash') return hashInput(terminal)
    const opened = path === undefined ? undefined : KeyFile.open(path, action === 'new')
    if (typeof opened === 'string') {
      terminal.err(`headgate: ${path}: ${opened}\n`)
      return EXIT.failed
    }
    if (action === 'new') return makeKey(values, opened, terminal)
    return action === 'list' ? list(values, opened, terminal) : revoke(name, opened, terminal)
  },
}

function misuseOf({ action, name, file, expires }: CliValues): string | undefined {
  if (!['new', 'list', 'revoke', 'hash'].includes(action ?? ''))
    return `there is no action ${JSON.stringify(action)}: new, list, revoke and hash are known`
  const isNamed = action === 'new' || action === 'revoke'
  if (isNamed && (name === undefined || !KEY_NAME.test(name)))
    return `"keys ${action}" needs the name of one key: letters, digits, "_", "-" and "."`
  if ((action === 'list' || action === 'revoke') && file === undefined)
    return `"keys ${action}" needs --file: which file of keys?`
  if (expires !== undefined && !isExpiry(expires)) return `--expires ${expires} is not a day, as 2027-01-31`
  return undefined
}

function makeKey(values: CliValues, file: KeyFile | undefined, terminal: Terminal): number {
  const { name = '', group, scope, expires } = values
  if (file?.has(name) === true) {
    terminal.err(
      `headgate: there is a key of ${name} in that file already: revoke it first, or take another name\n`,
    )
    return EXIT.failed
  }
  const words: KeyWords = {
    groups: linesOf(group),
    scopes: linesOf(scope),
    ...(expires !== undefined && { expires }),
  }
  const { key, line } = newKey(name, words)
  file?.add(line)
  printFound(values, terminal, { name, key, line }, () =>
    file === undefined
      ? `${key}\n\nThis is shown once. Its line for a file of keys:\n\n${line}\n`
      : `${key}\n\nThis is shown once; ${values['file']} has its hash.\n`,
  )
  return EXIT.ok
}

function list(values: CliValues, file: KeyFile | undefined, terminal: Terminal): number {
  const found = (file?.keys ?? []).map(({ fields: { hash: _, ...shown } }) => shown)
  printFound(values, terminal, found, () => {
    const rows = found.map(({ name, groups, scopes, expires, metadata }) => [
      name,
      (groups ?? []).join(','),
      (scopes ?? []).join(','),
      expires ?? '',
      Object.entries(metadata ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .join(' '),
    ])
    return table([['NAME', 'GROUPS', 'SCOPES', 'EXPIRES', 'METADATA'], ...rows])
  })
  return EXIT.ok
}

function revoke(name: string, file: KeyFile | undefined, terminal: Terminal): number {
  if (file?.remove(name) !== true) {
    terminal.err(`headgate: there is no key of ${name} in that file\n`)
    return EXIT.failed
  }
  terminal.out(`the key of ${name} is revoked\n`)
  return EXIT.ok
}

async function hashInput(terminal: Terminal): Promise<number> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer) // no encoding is set
  const key = Buffer.concat(chunks)
    .toString('latin1')
    .replace(/\r?\n$/, '')
  if (key === '') {
    terminal.err('headgate: there is no key on standard input\n')
    return EXIT.usage
  }
  terminal.out(`${hashOfKey(key)}\n`)
  return EXIT.ok
}

function linesOf(values: string | undefined): string[] {
  return values === undefined ? [] : values.split('\n')
}
