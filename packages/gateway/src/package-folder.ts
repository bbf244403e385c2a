/** The folder of package.json. This file lies one level below it, as source, as built, and in the bundle. */
export const PACKAGE_FOLDER: URL = new URL('../', import.meta.url)
