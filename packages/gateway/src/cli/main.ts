import { EXIT } from './command.ts'
import { processTerminal } from './terminal.ts'
import { packageVersion } from '../package-version.ts'

/** The entry of the command line: bin/headgate.js imports it, and it runs. */
async function main(args: readonly string[]): Promise<number> {
  const terminal = processTerminal()
  // Programs ask for it again and again: not worth a parser of arguments.
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
    terminal.out(`${packageVersion()}\n`)
    return EXIT.ok
  }
  const [{ runProgram }, { COMMANDS }] = await Promise.all([import('./program.ts'), import('./catalogue.ts')])
  return runProgram(COMMANDS, args, terminal)
}

// Not process.exit: what is written to a pipe may still be on its way.
process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  // A defect. What it says may hold names and texts from anywhere, and Node would print them as they are.
  processTerminal().err(`headgate: ${error instanceof Error ? error.stack : String(error)}\n`)
  return EXIT.failed
})
