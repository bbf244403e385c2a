import type { System } from '../../port/port.ts'
import { HttpClientPool } from '../resources/http-client-pool.ts'
import { HttpConfig } from '../resources/http-config.ts'

/** Makes clients anew whose settings have changed, and closes those that they replace once nothing is under way by them. */
export const manageClients: System = {
  name: 'http:manage-clients',
  run: (port) => {
    const config = port.resource(HttpConfig)
    const pool = port.resource(HttpClientPool)
    if (config.changes.length > 0) {
      const { changes } = config
      config.changes = []
      for (const change of changes) pool.change(change)
    }
    pool.closeRetired()
  },
}
