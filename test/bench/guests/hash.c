// A generator and a multiplicative hash: 64-bit arithmetic without memory.
#include "platform.h"
#include "spe.h"

#define STEPS 8000000

__attribute__((noipa)) static u64 hash(u64 steps) {
  u64 x = 0x9e3779b97f4a7c15, h = 0xcbf29ce484222325;
  while (steps--) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    h = (h ^ (x & 0xff)) * 0x100000001b3;
    h = (h << 5 | h >> 59) + x;
  }
  return h;
}

int main(void) {
  spe_start();
  const u64 checksum = hash(STEPS);
  print("hash: checksum=");
  print_hex(checksum, 16);
  print("\n");
  spe_stop();
  return 0;
}
