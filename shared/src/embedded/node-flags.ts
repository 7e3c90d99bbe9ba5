/**
 * What Node is started with for each program of ours, here as in the image (its ENTRYPOINT; a test compares them): an object
 * made from somebody's JSON must not reach a prototype by the name `__proto__`.
 */
export const nodeFlags: readonly string[] = ['--disable-proto=delete'];
