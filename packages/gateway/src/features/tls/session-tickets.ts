import { hkdfSync, randomBytes } from 'node:crypto'
import type { Clock, Timer } from '@headgate/core'
import { type Read, section } from '../../settings/schema/section.ts'
import { value } from '../../settings/schema/setting.ts'
import { duration, type Kind, textKind } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'
import type { SharedKind } from '../../shared.ts'

const SHORTEST_SECRET = 32

const ticketSecret: Kind<string> = textKind(
  'a secret',
  'at least 32 characters that nobody can guess, such as ${file:PATH} with what "openssl rand -hex 32" prints',
  (written) => (written.length < SHORTEST_SECRET ? refused('is too short') : parsed(written)),
  { minLength: SHORTEST_SECRET, writeOnly: true },
)

export const sessionTicketsSetting = section('SessionTicketsInput', () => ({
  rotate: value(
    // No client keeps a ticket for longer than a week (RFC 8446 4.6.1).
    duration({ min: '1m', max: '168h' }),
    'How long tickets are made with a key; they are accepted for as long again.',
  ).prefault('12h'),
  secret: value(
    ticketSecret,
    'What keys are derived from, the same for all gateways that resume the sessions of each other. Left out: keys are random, and those of this gateway alone.',
  ).optional(),
}))

/** False where no session is resumed. */
export type SessionTicketsConfig = Read<typeof sessionTicketsSetting> | false

/** What session tickets are made and read with. */
export interface TicketKey {
  /** Stands in clear at the beginning of each ticket (RFC 5077 4): 16 bytes, one to a character. */
  readonly name: string
  /** As node:tls takes it: the name, and what encrypts and authenticates. */
  readonly bytes: Uint8Array
}

/** All that are accepted: tickets are made with the first. Empty where there are none. */
export type TicketKeys = readonly TicketKey[]

/** The kind of those in force among what threads share. */
export const TICKET_KEYS: SharedKind<TicketKeys> = { name: 'ticket keys' }

const KEY_LENGTH = 48
export const KEY_NAME_LENGTH = 16

/** The longest that a timer is armed for where time is what makes keys: an hour, so that a clock that is set is noticed. Milliseconds. */
const LONGEST_WAIT = 3_600_000

/**
 * Replaces the keys of session tickets by the clock. Whoever gets hold of a key reads the sessions of the tickets that were made with it
 * (those of TLS 1.2 wholly): so none is in use for long, and random ones are forgotten thereafter.
 */
export class TicketKeyRotation {
  private readonly clock: Clock
  private readonly publish: (keys: TicketKeys) => void
  private readonly timer: Timer
  private setting: SessionTicketsConfig = false
  keys: TicketKeys = []

  /** @param publish told of the keys from then on */
  constructor(clock: Clock, publish: (keys: TicketKeys) => void) {
    this.clock = clock
    this.publish = publish
    this.timer = clock.timer(() => this.turn())
  }

  /** Goes by this setting from now on: at once, where it is another one. */
  follow(setting: SessionTicketsConfig): void {
    if (JSON.stringify(setting) === JSON.stringify(this.setting)) return
    this.setting = setting
    // Keys of before go with their setting: what is off must be off, and another secret has a reason.
    this.keys = []
    this.turn()
  }

  stop(): void {
    this.timer.disarm()
  }

  private turn(): void {
    const { setting, keys: before } = this
    this.timer.disarm()
    if (setting === false) this.keys = []
    else if (setting.secret === undefined) {
      this.keys = [randomKey(), ...before.slice(0, 1)]
      this.timer.arm(setting.rotate)
    } else {
      const now = this.clock.wallTime()
      const period = Math.floor(now / setting.rotate)
      this.keys = derivedKeys(setting.secret, period)
      this.timer.arm(Math.min((period + 1) * setting.rotate - now, LONGEST_WAIT))
      if (this.keys[0]?.name === before[0]?.name) return
    }
    this.publish(this.keys)
  }
}

function randomKey(): TicketKey {
  return keyOf(randomBytes(KEY_LENGTH))
}

/** The next one, too: the clock of another gateway may be ahead. */
function derivedKeys(secret: string, period: number): TicketKeys {
  return [period, period - 1, period + 1].map((each) =>
    keyOf(Buffer.from(hkdfSync('sha256', secret, '', `headgate session tickets ${each}`, KEY_LENGTH))),
  )
}

function keyOf(bytes: Buffer): TicketKey {
  return { name: bytes.toString('latin1', 0, KEY_NAME_LENGTH), bytes }
}
