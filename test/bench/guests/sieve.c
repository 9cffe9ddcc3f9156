// The sieve of Eratosthenes over a megabyte, five times: byte loads and stores.
#include "platform.h"
#include "spe.h"

#define LIMIT 1000000
#define TIMES 5

static u8 composite[LIMIT] __attribute__((section(".bss.uninitialised"), aligned(4096)));

__attribute__((noipa)) static u64 sieve(u64 limit) {
  u64 primes = 0;
  for (u64 n = 0; n < limit; n++) composite[n] = 0;
  for (u64 n = 2; n < limit; n++) {
    if (composite[n]) continue;
    primes++;
    for (u64 multiple = n * 2; multiple < limit; multiple += n) composite[multiple] = 1;
  }
  return primes;
}

int main(void) {
  u64 checksum = 0;
  spe_start();
  for (int i = 0; i < TIMES; i++) checksum = checksum * 31 + sieve(LIMIT - i);
  print("sieve: checksum=");
  print_hex(checksum, 16);
  print("\n");
  spe_stop();
  return 0;
}
