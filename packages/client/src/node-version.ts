// The first thing that is loaded: what comes after may need what an old Node does not have.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18))
  throw new Error(`@headgate/client needs Node 22.18 or newer, and this is ${process.versions.node}`)
