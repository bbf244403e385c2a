import { configuration } from '../admin/config.ts'
import { liveness, readiness } from '../admin/health.ts'
import { metrics } from '../admin/metrics.ts'
import { type AdminServer, listenAdmin } from '../admin/server.ts'
import type { AdminConfig, GatewayConfig } from '../config/config.ts'
import type { Address } from '../config/values/address.ts'
import { claim } from '../workers/claim.ts'
import { StartError, startFailure } from '../workers/start-failure.ts'
import {
  type BoundListener,
  type StopReport,
  Supervisor,
  type SupervisorEvent,
} from '../workers/supervisor.ts'

/** A gateway process: the workers, and the admin listener that answers for them. */
export class Serving {
  readonly supervisor: Supervisor
  private admin: AdminServer | undefined

  constructor(config: GatewayConfig, onEvent: (event: SupervisorEvent) => void) {
    this.supervisor = new Supervisor(config, { onEvent })
  }

  /** Where the admin endpoints are, if they are configured and bound. */
  get adminAddress(): Address | undefined {
    return this.admin?.address
  }

  /** Rejects with a StartError, with nothing left running, if an address cannot be bound. */
  async start(): Promise<readonly BoundListener[]> {
    const { supervisor } = this
    const { admin } = supervisor.config
    try {
      // First, so that it can answer "not yet" while the workers start.
      if (admin !== false) this.admin = await startAdmin(admin, supervisor)
      return await supervisor.start()
    } catch (error) {
      await this.admin?.close()
      throw error
    }
  }

  /** Drains the workers; the admin endpoints answer until that is done. */
  async stop(): Promise<StopReport> {
    const report = await this.supervisor.stop()
    await this.admin?.close()
    return report
  }
}

async function startAdmin(config: AdminConfig, supervisor: Supervisor): Promise<AdminServer> {
  const endpoints = [
    liveness,
    readiness(() => supervisor.status()),
    metrics(() => supervisor.renderMetrics()),
    configuration(supervisor.config),
  ]
  try {
    if (config.address.kind === 'unix') await claim(config.address)
    return await listenAdmin(config, endpoints)
  } catch (error) {
    throw new StartError(startFailure(error))
  }
}
