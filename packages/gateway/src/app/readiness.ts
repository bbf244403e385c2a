/** Something without which an app cannot do its work. */
export interface Dependency {
  readonly name: string
  /** Resolves if all is well; rejects with the reason. */
  readonly check: (signal: AbortSignal) => Promise<unknown>
  /** Whether the app is not ready without it; false: it is degraded. Default true. */
  readonly critical?: boolean | undefined
  /** Milliseconds. Default 2,000. */
  readonly timeout?: number | undefined
}

export interface DependencyState {
  readonly name: string
  readonly state: 'up' | 'down'
  readonly critical: boolean
  /** Milliseconds. */
  readonly latency: number
  /** Why it is down. */
  readonly reason?: string
}

export interface Readiness {
  /** `up`; `degraded` where something that is not critical is down; `down`. */
  readonly state: 'up' | 'degraded' | 'down'
  readonly dependencies: readonly DependencyState[]
}

const TIMEOUT = 2_000

/** Looks at all dependencies at the same time. @param now in milliseconds */
export async function readinessOf(
  dependencies: readonly Dependency[],
  now: () => number,
): Promise<Readiness> {
  const states = await Promise.all(dependencies.map((each) => stateOf(each, now)))
  const down = states.filter(({ state }) => state === 'down')
  const state = down.some(({ critical }) => critical) ? 'down' : down.length > 0 ? 'degraded' : 'up'
  return { state, dependencies: states }
}

async function stateOf(
  { name, check, critical = true, timeout = TIMEOUT }: Dependency,
  now: () => number,
): Promise<DependencyState> {
  const began = now()
  const signal = AbortSignal.timeout(timeout)
  try {
    // One that does not listen is not waited for.
    await Promise.race([check(signal), rejectedBy(signal, timeout)])
    return { name, state: 'up', critical, latency: now() - began }
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    return { name, state: 'down', critical, latency: now() - began, reason }
  }
}

function rejectedBy(signal: AbortSignal, timeout: number): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`there was no answer within ${timeout} ms`)))
  })
}
