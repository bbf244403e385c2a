import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where gateways keep what outlives them: in the folder that systemd gives (StateDirectory=), else in that of the user (XDG). */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const given = env['STATE_DIRECTORY']?.split(':')[0]
  if (given !== undefined && given !== '') return given
  const xdg = env['XDG_STATE_HOME']
  return join(xdg !== undefined && xdg !== '' ? xdg : join(homedir(), '.local', 'state'), 'headgate')
}
