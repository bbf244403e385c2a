import { breakers } from './breakers.ts'
import { check } from './check.ts'
import { checks } from './checks.ts'
import { diff } from './diff.ts'
import { endpoint } from './endpoint.ts'
import { explain } from './explain.ts'
import { init } from './init.ts'
import { runProgram } from './program.ts'
import { limits } from './limits.ts'
import { reload } from './reload.ts'
import { replay } from './replay.ts'
import { rollback } from './rollback.ts'
import { routes } from './routes.ts'
import { run } from './run.ts'
import { schema } from './schema.ts'
import { split } from './split.ts'
import { status } from './status.ts'
import { switchTo } from './switch.ts'
import { processTerminal } from './terminal.ts'
import { top } from './top.ts'
import { upstreams } from './upstreams.ts'
import { version } from './version.ts'
import { versions } from './versions.ts'

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
