import type { ClientOptions } from './options.ts'
import { PRESETS } from './presets.ts'
import type { Settings } from './settings.ts'

/** Options that are valid one by one, but do not do together what their author meant. */
export interface Finding {
  /** The option to change. */
  readonly option: string
  readonly problem: string
  /** What to write instead. */
  readonly advice: string
}

interface Rule {
  readonly option: string
  readonly applies: (settings: Settings, options: ClientOptions) => boolean
  readonly problem: (settings: Settings) => string
  readonly advice: (settings: Settings) => string
}

/** The longest that an origin may take to answer one attempt. */
function attemptLimit({ timeout }: Settings): number {
  return Math.min(timeout.attempt, timeout.head, timeout.deadline)
}

const RULES: readonly Rule[] = [
  {
    option: 'timeout.attempt',
    applies: ({ timeout }) => timeout.attempt !== Infinity && timeout.attempt > timeout.deadline,
    problem: ({ timeout }) =>
      `an attempt may take ${timeout.attempt} ms, but the whole call only ${timeout.deadline} ms`,
    advice: ({ timeout, retry }) =>
      `timeout: { attempt: ${Math.floor(timeout.deadline / Math.max(2, retry.attempts))} }, or a longer deadline`,
  },
  {
    option: 'timeout.connect',
    applies: ({ timeout }) => timeout.connect > Math.min(timeout.attempt, timeout.deadline),
    problem: ({ timeout }) =>
      `connecting may take ${timeout.connect} ms, which is longer than an attempt or the call may take`,
    advice: (settings) => `timeout: { connect: ${Math.min(5_000, attemptLimit(settings))} }`,
  },
  {
    option: 'retry.attempts',
    applies: ({ timeout, retry }) =>
      timeout.attempt !== Infinity &&
      timeout.attempt <= timeout.deadline &&
      retry.attempts > 1 &&
      timeout.attempt * 2 > timeout.deadline,
    problem: ({ timeout }) =>
      `after one attempt of ${timeout.attempt} ms, the deadline of ${timeout.deadline} ms leaves no time for another`,
    advice: ({ timeout, retry }) => `timeout: { attempt: ${Math.floor(timeout.deadline / retry.attempts)} }`,
  },
  {
    option: 'retry.maxRetryAfter',
    applies: ({ timeout, retry }, options) =>
      typeof options.retry === 'object' &&
      options.retry.maxRetryAfter !== undefined &&
      retry.maxRetryAfter >= timeout.deadline,
    problem: ({ timeout, retry }) =>
      `a Retry-After of up to ${retry.maxRetryAfter} ms would be waited for, but the call ends after ${timeout.deadline} ms`,
    advice: ({ timeout }) =>
      `retry: { maxRetryAfter: ${Math.floor(timeout.deadline / 2)} }, or a longer deadline`,
  },
  {
    option: 'breaker.window',
    applies: (settings) => (settings.breaker?.window ?? Infinity) < attemptLimit(settings),
    problem: (settings) =>
      `calls that hang for ${attemptLimit(settings)} ms never count together in a window of ${settings.breaker?.window} ms`,
    advice: (settings) => `breaker: { window: ${attemptLimit(settings)} }, or a shorter timeout.attempt`,
  },
  {
    option: 'breaker.slowAfter',
    applies: (settings) => {
      const slowAfter = settings.breaker?.slowAfter ?? Infinity
      return slowAfter !== Infinity && slowAfter >= attemptLimit(settings)
    },
    problem: (settings) =>
      `no call can be slow: it is given up after ${attemptLimit(settings)} ms, before slowAfter of ${settings.breaker?.slowAfter} ms`,
    advice: (settings) => `breaker: { slowAfter: ${Math.floor(attemptLimit(settings) / 2)} }`,
  },
  {
    option: 'hedge.delay',
    applies: (settings) => {
      const delay = settings.hedge?.delay
      return typeof delay === 'number' && delay >= attemptLimit(settings)
    },
    problem: (settings) =>
      `nothing is ever hedged: an attempt is given up after ${attemptLimit(settings)} ms, before the delay`,
    advice: () => 'hedge: { delay: { percentile: 0.95 } }',
  },
  {
    option: 'hedge',
    applies: ({ hedge, retry }) => hedge !== undefined && retry.budget === 0,
    problem: () => 'nothing is ever hedged: hedges come out of the retry budget, which is 0',
    advice: () => 'retry: { budget: 0.2 }',
  },
  {
    option: 'rateLimit.maxWait',
    applies: ({ rateLimit, timeout }) => (rateLimit?.maxWait ?? 0) > timeout.deadline,
    problem: ({ rateLimit, timeout }) =>
      `a turn would be waited for up to ${rateLimit?.maxWait} ms, but the call ends after ${timeout.deadline} ms`,
    advice: () => 'leave maxWait out: it then is what the deadline leaves',
  },
  {
    option: 'cache',
    applies: ({ auth }, { cache = false }) => cache !== false && auth?.scheme === 'digest',
    problem: () =>
      'nothing that is stored is found again: what is stored is for those who send the same credentials, and those of digest are others each time',
    advice: () => 'cache: false, or another kind of credentials',
  },
  {
    option: 'guard',
    applies: (_settings, options) =>
      options.transport !== undefined && options.guard !== undefined && options.guard !== false,
    problem: () => 'the guard judges connections, and a transport makes none',
    advice: () => 'leave guard or transport out',
  },
  {
    option: 'socketPath',
    applies: (_settings, { preset = 'standard', guard = PRESETS[preset].guard, socketPath }) =>
      socketPath !== undefined && guard !== undefined && guard !== false,
    problem: () => 'the guard lets nothing go to a unix socket: every call there fails',
    advice: () =>
      'guard: false for a client that talks to a service of your own, and another client for URLs of others',
  },
  {
    option: 'tls.verify',
    applies: (_settings, options) =>
      options.tls?.verify === false &&
      options.tls.pins === undefined &&
      !/^https?:\/\/(?:localhost|127\.|\[::1\])/i.test(String(options.baseUrl ?? '')),
    problem: () => 'certificates are not checked: anyone on the way can read and change what is sent',
    advice: () => 'tls: { verify: true, ca: … } with the certificate of your own authority',
  },
]

/** What would surprise the author of these options; empty if nothing would. */
export function lint(settings: Settings, options: ClientOptions): Finding[] {
  return RULES.filter(({ applies }) => applies(settings, options)).map(({ option, problem, advice }) => ({
    option,
    problem: problem(settings),
    advice: advice(settings),
  }))
}

/** Tells each finding once, as a warning of the process. */
export function warn(client: string, findings: readonly Finding[]): void {
  for (const { option, problem, advice } of findings) {
    process.emitWarning(`client "${client}", ${option}: ${problem}; write ${advice}`, {
      type: 'HeadgateWarning',
      code: 'HEADGATE_LINT',
    })
  }
}
