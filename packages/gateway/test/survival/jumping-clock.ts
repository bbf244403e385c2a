import { readFileSync } from 'node:fs'

// Loaded into each thread of a gateway by --import: its wall clock is off by as many milliseconds as the file says, as if
// somebody had set the machine's clock. What is monotonic goes on.
const { CLOCK_OFF_BY: file } = process.env
if (file !== undefined) {
  let offset = 0
  setInterval(() => {
    offset = Number(readFileSync(file, 'latin1'))
  }, 5).unref()
  const now = Date.now.bind(Date)
  class JumpingDate extends Date {
    constructor(...parts: [] | [string | number]) {
      if (parts.length === 0) super(now() + offset)
      else super(...parts)
    }

    static override now(): number {
      return now() + offset
    }
  }
  globalThis.Date = JumpingDate as DateConstructor
}
