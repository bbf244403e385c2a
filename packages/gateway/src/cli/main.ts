import { check } from './check.ts'
import { init } from './init.ts'
import { runProgram } from './program.ts'
import { routes } from './routes.ts'
import { run } from './run.ts'
import { schema } from './schema.ts'
import { processTerminal } from './terminal.ts'
import { version } from './version.ts'

/** The entry of the command line: bin/headgate.js imports it, and it runs. */
const commands = [run, check, routes, init, schema, version]

// Not process.exit: what is written to a pipe may still be on its way.
process.exitCode = await runProgram(commands, process.argv.slice(2), processTerminal())
