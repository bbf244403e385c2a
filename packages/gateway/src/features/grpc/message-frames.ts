/** What is told of the messages in a body. */
export interface FrameListener {
  /** The prefix of a message is here. @param length bytes of the message that follow it */
  message(length: number): void
}

/** A flag, and the length in four bytes ("Length-Prefixed-Message" in PROTOCOL-HTTP2). */
export const PREFIX_LENGTH = 5

/** Finds the messages of gRPC in content that passes, in pieces of any size. It keeps nothing of it but a length. */
export class MessageFrames {
  private readonly listener: FrameListener
  /** Bytes of a prefix that have come. */
  private prefix = 0
  private length = 0
  /** Bytes of a message that are still to come. */
  private rest = 0

  constructor(listener: FrameListener) {
    this.listener = listener
  }

  /** Whether no message is under way: only there may the content end. */
  get isBetween(): boolean {
    return this.prefix === 0 && this.rest === 0
  }

  read(chunk: Uint8Array): void {
    for (let index = 0; index < chunk.length; ) {
      if (this.rest > 0) {
        const passed = Math.min(this.rest, chunk.length - index)
        this.rest -= passed
        index += passed
      } else this.readPrefix(chunk[index++] as number) // within the chunk
    }
  }

  private readPrefix(byte: number): void {
    if (this.prefix++ > 0) this.length = this.length * 256 + byte
    if (this.prefix < PREFIX_LENGTH) return
    const { length } = this
    this.prefix = 0
    this.length = 0
    this.rest = length
    this.listener.message(length)
  }
}
