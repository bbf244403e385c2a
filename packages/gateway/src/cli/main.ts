import { breakers } from './commands/breakers.ts'
import { check } from './commands/check.ts'
import { checks } from './commands/checks.ts'
import { diff } from './commands/diff.ts'
import { endpoint } from './commands/endpoint.ts'
import { explain } from './commands/explain.ts'
import { init } from './commands/init.ts'
import { runProgram } from './program.ts'
import { limits } from './commands/limits.ts'
import { reload } from './commands/reload.ts'
import { replay } from './commands/replay.ts'
import { rollback } from './commands/rollback.ts'
import { routes } from './commands/routes.ts'
import { run } from './commands/run.ts'
import { schema } from './commands/schema.ts'
import { split } from './commands/split.ts'
import { status } from './commands/status.ts'
import { switchTo } from './commands/switch.ts'
import { processTerminal } from './terminal.ts'
import { top } from './commands/top.ts'
import { upstreams } from './commands/upstreams.ts'
import { version } from './commands/version.ts'
import { versions } from './commands/versions.ts'

/** The entry of the command line: bin/headgate.js imports it, and it runs. */
const commands = [
  run,
  check,
  explain,
  routes,
  replay,
  reload,
  status,
  upstreams,
  endpoint,
  checks,
  breakers,
  limits,
  split,
  switchTo,
  top,
  versions,
  diff,
  rollback,
  init,
  schema,
  version,
]

// Not process.exit: what is written to a pipe may still be on its way.
process.exitCode = await runProgram(commands, process.argv.slice(2), processTerminal())
