import type { CliCommand } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { packageVersion } from '../../package-version.ts'

export const version: CliCommand = {
  description: 'Prints the versions of Headgate and of what it runs on, for reports and inventories.',
  options: [],
  examples: [],
  async run(_values, terminal) {
    const { node, openssl } = process.versions
    terminal.out(
      `headgate ${packageVersion()} (node ${node}, openssl ${openssl}, ${process.platform} ${process.arch})\n`,
    )
    return EXIT.ok
  },
}
