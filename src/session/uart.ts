// The built-in VMM's one device: the transmit side of a pl011 at QEMU virt's address (guest.md §3.3).
// Data goes to the session's console; nothing is ever received.

export const UART_BASE = 0x09000000;
const UART_SIZE = 0x1000;
const DR = 0x00;
const FR = 0x18;
const FR_IDLE = 0x90; // TXFE | RXFE: ready to send, nothing to read
/** PrimeCell identification, as drivers that probe by it expect. */
const IDENTIFICATION: Readonly<Record<number, number>> = {
  4064: 0x11,
  4068: 0x10,
  4072: 0x14,
  4076: 0x00,
  4080: 0x0d,
  4084: 0xf0,
  4088: 0x05,
  4092: 0xb1, // 0xfe0 .. 0xffc
};

/** Is this guest physical address the UART's? */
export function isUart(address: number): boolean {
  return address >= UART_BASE && address < UART_BASE + UART_SIZE;
}

/** A store of the guest: the byte for the console, or null when the register takes nothing. */
export function uartWrite(address: number, value: bigint): number | null {
  return address - UART_BASE === DR ? Number(value & 0xffn) : null;
}

/** A load of the guest. */
export function uartRead(address: number): bigint {
  const offset = address - UART_BASE;
  if (offset === FR) return BigInt(FR_IDLE);
  return BigInt(IDENTIFICATION[offset] ?? 0);
}
