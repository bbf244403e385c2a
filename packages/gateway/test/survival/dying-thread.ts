import { whenTaken } from '../workers/when-taken.ts'

// Loaded into each thread of a gateway by --import: the first worker that finds the file takes it, and is gone in that instant,
// whatever it is at.
whenTaken(process.env['DIE_ON'], 1, () => process.exit(9))
