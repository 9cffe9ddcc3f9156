// Comparing bytes as fast as the machine can.

/** Are the bytes of two equally long arrays the same? */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
