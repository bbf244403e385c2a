import { whenTaken } from './when-taken.ts'

// Loaded into each thread of a gateway by --import: the first worker that finds the file takes it, and never comes back.
whenTaken(process.env['HANG_ON'], 10, () => {
  for (;;);
})
