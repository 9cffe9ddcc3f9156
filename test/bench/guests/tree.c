// A search tree filled and walked by recursion, and a checksum bit by bit over what it holds: calls, branches, short loops.
#include "platform.h"
#include "spe.h"

#define NODES 20000
#define TIMES 12

struct node {
  struct node *left, *right;
  u32 key, count;
};

static struct node nodes[NODES] __attribute__((section(".bss.uninitialised"), aligned(4096)));
static u32 used;

__attribute__((noinline)) static struct node *insert(struct node *at, u32 key) {
  if (!at) {
    struct node *const fresh = &nodes[used++];
    fresh->left = fresh->right = 0;
    fresh->key = key;
    fresh->count = 1;
    return fresh;
  }
  if (key < at->key) at->left = insert(at->left, key);
  else if (key > at->key) at->right = insert(at->right, key);
  else at->count++;
  return at;
}

static u32 crc(u32 sum, u32 word) {
  sum ^= word;
  for (int i = 0; i < 32; i++) sum = sum & 1 ? sum >> 1 ^ 0xedb88320 : sum >> 1;
  return sum;
}

__attribute__((noinline)) static u32 walk(const struct node *at, u32 sum) {
  if (!at) return sum;
  sum = walk(at->left, sum);
  sum = crc(sum, at->key + at->count);
  return walk(at->right, sum);
}

int main(void) {
  u32 random = 1, sum = ~0u;
  spe_start();
  for (int i = 0; i < TIMES; i++) {
    struct node *root = 0;
    used = 0;
    for (int n = 0; n < NODES; n++) {
      random = random * 1664525 + 1013904223;
      root = insert(root, random >> 12);
    }
    sum = walk(root, sum);
  }
  print("tree: checksum=");
  print_hex(sum, 8);
  print("\n");
  spe_stop();
  return 0;
}
