/** Of this package, as package.json has it: a test sees to that. */
export const VERSION = '0.1.0'
