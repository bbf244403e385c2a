import { configJsonSchema } from '../../config/json-schema/json-schema.ts'
import { type CliCommand, EXIT } from '../command.ts'

export const schema: CliCommand = {
  description:
    'Prints the JSON Schema (2020-12) of configuration files: editors complete and check with it as you type. ' +
    'It describes every setting, with defaults and what is allowed.',
  options: [],
  examples: [
    {
      command: 'headgate schema > headgate.schema.json',
      about: 'what the first line of "headgate init" refers to',
    },
  ],
  async run(_values, terminal) {
    terminal.out(`${JSON.stringify(configJsonSchema(), null, 2)}\n`)
    return EXIT.ok
  },
}
