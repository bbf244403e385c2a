import { setFlagsFromString } from 'node:v8'

// What loads and compiles a program behaves as nothing does that serves: much garbage once, and functions that are hot
// for a moment and never called again. V8 takes that for the way of the process, in two respects, and keeps what it took:
//
// - It enlarges the young generation of each thread to its limit, and gives nothing back: 20 of 152 MB with two workers.
// - It has its optimizing compilers translate what is hot: 10 MB, of their own code that is read from disk and of what
//   they work with, and a tenth of the CPU time of the start.

/** For the start: until `serveFast`, no thread enlarges its young generation, nor calls an optimizing compiler. */
export function startSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  // Filters, as they are looked at each time that a function has become hot; to switch the compilers off would switch them
  // off for good in threads that start meanwhile.
  setFlagsFromString('--maglev-filter=-*')
  setFlagsFromString('--turbo-filter=-*')
}

/** As without `startSmall`, from now on: traffic gets the room that it needs, and hot functions are optimized. */
export function serveFast(): void {
  setFlagsFromString('--semi-space-growth-factor=2')
  setFlagsFromString('--maglev-filter=*')
  setFlagsFromString('--turbo-filter=*')
}
