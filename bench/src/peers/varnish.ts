import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { outputOf } from '../processes.ts'
import { cacheMebibytes, type Peer } from './peer.ts'

/** Varnish with its own rules (the built-in VCL) and memory. It has a thread for each request that is under way. */
export const varnish: Peer = {
  name: 'varnish',
  tls: false,
  cacheOnly: true,
  find() {
    const version = outputOf('varnishd', ['-V'])?.match(/varnish-(\d\S*)/)?.[1]
    return version === undefined
      ? { missing: 'no `varnishd` on the path (apt install varnish)' }
      : { version }
  },
  prepare({ folder, port, originPort }) {
    const file = join(folder, 'origin.vcl')
    writeFileSync(file, `vcl 4.1;\nbackend origin { .host = "127.0.0.1"; .port = "${originPort}"; }\n`)
    // No jail: the folder belongs to who runs the benchmark. One pool of threads, as there is one core.
    const parameters = ['thread_pools=1', 'listen_depth=4096', 'timeout_idle=75'].flatMap((each) => [
      '-p',
      each,
    ])
    return {
      command: 'varnishd',
      args: ['-F', '-j', 'none', '-n', join(folder, 'varnish'), '-f', file, '-a', `127.0.0.1:${port}`].concat(
        ['-s', `malloc,${cacheMebibytes}m`],
        parameters,
      ),
    }
  },
}
