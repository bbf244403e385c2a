import { INITIAL_WINDOW, LARGEST_WINDOW } from './flow-windows.ts'
import { connectionFault, type Http2Fault } from './fault.ts'
import { FRAME_SIZE } from './frame-types.ts'

/** The identifiers of settings (RFC 9113 6.5.2, RFC 8441 3, RFC 9218 2.1). */
export const SettingId = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  enableConnectProtocol: 8,
  noRfc7540Priorities: 9,
} as const

/** What a setting may be, and what a value that it may not be is (RFC 9113 6.5.2). */
interface SettingRule {
  readonly name: string
  readonly least: number
  readonly most: number
  readonly code: 'PROTOCOL_ERROR' | 'FLOW_CONTROL_ERROR'
}

const LARGEST = 0xffff_ffff
/** Identifiers without a row are ignored, and so is what may be any number. */
const RULES: ReadonlyMap<number, SettingRule> = new Map([
  [SettingId.enablePush, { name: 'ENABLE_PUSH', least: 0, most: 1, code: 'PROTOCOL_ERROR' }],
  [
    SettingId.initialWindowSize,
    { name: 'INITIAL_WINDOW_SIZE', least: 0, most: LARGEST_WINDOW, code: 'FLOW_CONTROL_ERROR' },
  ],
  [
    SettingId.maxFrameSize,
    { name: 'MAX_FRAME_SIZE', least: FRAME_SIZE, most: 0xff_ffff, code: 'PROTOCOL_ERROR' },
  ],
  [
    SettingId.enableConnectProtocol,
    { name: 'ENABLE_CONNECT_PROTOCOL', least: 0, most: 1, code: 'PROTOCOL_ERROR' },
  ],
  [
    SettingId.noRfc7540Priorities,
    { name: 'NO_RFC7540_PRIORITIES', least: 0, most: 1, code: 'PROTOCOL_ERROR' },
  ],
])

/** What a peer's SETTINGS say (RFC 9113 6.5), with the defaults until they say otherwise. */
export class PeerSettings {
  headerTableSize = 4096
  /** The smallest that the last SETTINGS told on the way, which the encoder must honour as well (RFC 7541 4.2). */
  smallestHeaderTableSize = 4096
  maxConcurrentStreams: number = LARGEST
  initialWindowSize: number = INITIAL_WINDOW
  maxFrameSize: number = FRAME_SIZE
  maxHeaderListSize: number = LARGEST
  enableConnectProtocol = false
  /** Of no use to us, who never send those priorities: kept since it must not change. */
  private noRfc7540Priorities = 0
  private isFirst = true
  private readonly peerIsServer: boolean

  constructor(peerIsServer: boolean) {
    this.peerIsServer = peerIsServer
  }

  /** Takes over the entries of a frame, six bytes each, in their order. @returns the fault of the connection, if there is one */
  apply(bytes: Buffer, start: number, end: number): Http2Fault | undefined {
    this.smallestHeaderTableSize = LARGEST
    for (let at = start; at < end; at += 6) {
      const id = bytes.readUInt16BE(at)
      const value = bytes.readUInt32BE(at + 2)
      const fault = this.judge(id, value)
      if (fault !== undefined) return fault
      this.set(id, value)
    }
    this.smallestHeaderTableSize = Math.min(this.smallestHeaderTableSize, this.headerTableSize)
    this.isFirst = false
    return undefined
  }

  private judge(id: number, value: number): Http2Fault | undefined {
    const rule = RULES.get(id)
    if (rule === undefined) return undefined
    if (value < rule.least || value > rule.most) {
      return connectionFault(rule.code, `SETTINGS_${rule.name} of ${value} (RFC 9113 6.5.2)`)
    }
    if (id === SettingId.enablePush && value === 1 && this.peerIsServer) {
      return connectionFault('PROTOCOL_ERROR', 'SETTINGS_ENABLE_PUSH of 1 from a server (RFC 9113 6.5.2)')
    }
    if (id === SettingId.enableConnectProtocol && value === 0 && this.enableConnectProtocol) {
      return connectionFault('PROTOCOL_ERROR', 'SETTINGS_ENABLE_CONNECT_PROTOCOL is taken back (RFC 8441 3)')
    }
    if (id === SettingId.noRfc7540Priorities && !this.isFirst && value !== this.noRfc7540Priorities) {
      return connectionFault(
        'PROTOCOL_ERROR',
        'SETTINGS_NO_RFC7540_PRIORITIES is changed behind the first SETTINGS (RFC 9218 2.1)',
      )
    }
    return undefined
  }

  private set(id: number, value: number): void {
    switch (id) {
      case SettingId.headerTableSize:
        this.headerTableSize = value
        this.smallestHeaderTableSize = Math.min(this.smallestHeaderTableSize, value)
        break
      case SettingId.maxConcurrentStreams:
        this.maxConcurrentStreams = value
        break
      case SettingId.initialWindowSize:
        this.initialWindowSize = value
        break
      case SettingId.maxFrameSize:
        this.maxFrameSize = value
        break
      case SettingId.maxHeaderListSize:
        this.maxHeaderListSize = value
        break
      case SettingId.enableConnectProtocol:
        this.enableConnectProtocol = value === 1
        break
      case SettingId.noRfc7540Priorities:
        this.noRfc7540Priorities = value
        break
      default:
    }
  }
}
