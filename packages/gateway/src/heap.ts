import { setFlagsFromString } from 'node:v8'

// To load and compile a program makes much garbage once. V8 takes that for the way of the process, enlarges the young
// generation of each thread to its limit, and gives nothing back of it: 20 of 152 MiB with two workers, at rest.

/** Has V8 keep the young generations as small as they are until `growHeap`, in all threads. */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}

/** As without `keepHeapSmall`: traffic gets the room that it needs. */
export function growHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=2')
}
