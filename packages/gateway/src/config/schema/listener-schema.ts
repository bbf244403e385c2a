import type { ListenerConfig } from '../types/config.ts'
import type { ListenerInput } from '../input/input.ts'
import { integer, oneOf, text } from './setting.ts'
import * as z from './zod.ts'
import { address, filePath } from '../values/kinds.ts'

export const listener: z.ZodType<ListenerConfig, ListenerInput> = z.strictObject({
  address: text(
    address,
    'Where to listen: host:port, :port for every address of the machine, or unix:/path.',
  ),
  tls: z
    .strictObject({
      cert: text(filePath, 'PEM file with the certificate chain, the own certificate first.'),
      key: text(filePath, 'PEM file with the private key.'),
      minVersion: oneOf(['TLSv1.2', 'TLSv1.3'], 'The oldest version of TLS that is accepted.').prefault(
        'TLSv1.2',
      ),
    })
    .optional()
    .describe('Serve HTTPS with this certificate; left out, the listener serves plain HTTP.'),
  maxConnections: integer(
    'Open connections per worker, as far as there are file descriptors; beyond that, new ones are answered with 503.',
    50_000,
    1,
  ),
})
