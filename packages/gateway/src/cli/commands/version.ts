import { packageVersion } from '../../package-version.ts'
import { type CliCommand, EXIT, JSON_OPTION, printFound } from '../command.ts'

export const version: CliCommand = {
  description: 'Prints the versions of Headgate and of what it runs on, for reports and inventories.',
  options: [JSON_OPTION],
  examples: [],
  async run(values, terminal) {
    const { node, openssl } = process.versions
    const { platform, arch } = process
    const found = { headgate: packageVersion(), node, openssl, platform, arch }
    printFound(
      values,
      terminal,
      found,
      ({ headgate }) => `headgate ${headgate} (node ${node}, openssl ${openssl}, ${platform} ${arch})\n`,
    )
    return EXIT.ok
  },
}
