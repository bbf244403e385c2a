import { writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { findConfig } from '../../settings/read/find-config.ts'
import type { CliCommand } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { isTemplateFormat, TEMPLATES } from '../templates.ts'

export const init: CliCommand = {
  description:
    'Writes a small configuration with comments into this folder. A file that is there already is never overwritten.',
  options: [
    {
      flags: '--format <format>',
      about: 'what to write it in; all formats say the same',
      choices: Object.keys(TEMPLATES),
      default: 'yaml',
    },
  ],
  examples: [
    { command: 'headgate init', about: 'writes headgate.yaml' },
    {
      command: 'headgate init --format ts',
      about: 'writes headgate.config.ts, which editors check by its types',
    },
  ],
  async run({ format = 'yaml' }, terminal) {
    if (!isTemplateFormat(format)) throw new TypeError(`${format} is not a format`)
    const { file, text } = TEMPLATES[format]
    try {
      await writeFile(join(process.cwd(), file), text, { flag: 'wx' })
    } catch (error) {
      terminal.err(`headgate: ${file} was not written: ${reasonOf(error)}\n`)
      return EXIT.failed
    }
    const found = basename((await findConfig(process.cwd()))?.file ?? file)
    const option = found === file ? '' : ` -c ${file}`
    terminal.out(`wrote ${file}. Point its upstream at your service, then:\n\n`)
    terminal.out(`  headgate check${option}\n  headgate run${option}\n`)
    if (found !== file) terminal.out(`\nWithout -c, ${found} is taken.\n`)
    return EXIT.ok
  },
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EEXIST') return 'there is one already'
  return code === 'EACCES' ? 'this user may not write here' : String(error)
}
