// A ring of pointers through 512 KiB: each load waits for the one before.
#include "platform.h"
#include "spe.h"

#define NODES 8192
#define STEPS 16000000

struct node {
  struct node *next;
  u64 value[7];
};

static struct node nodes[NODES] __attribute__((section(".bss.uninitialised"), aligned(4096)));

__attribute__((noipa)) static u64 chase(const struct node *at, u64 steps) {
  u64 sum = 0;
  while (steps--) {
    sum += at->value[0];
    at = at->next;
  }
  return sum;
}

int main(void) {
  u64 at = 0;
  for (u64 i = 0; i < NODES; i++) {
    const u64 next = (at * 1229 + 12345) & (NODES - 1); // passes every index once
    nodes[at].next = &nodes[next];
    nodes[at].value[0] = i * at;
    at = next;
  }
  spe_start();
  const u64 checksum = chase(nodes, STEPS);
  print("chase: checksum=");
  print_hex(checksum, 16);
  print("\n");
  spe_stop();
  return 0;
}
