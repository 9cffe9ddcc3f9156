// What the cache comparison traces: sorting, a hash table, a matrix product and records that lie across lines, with the C library.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS 2500
#define SLOTS 4096
#define SIDE 26

static unsigned keys[KEYS];
static struct {
  unsigned key, count;
  char name[20];
} slots[SLOTS];
static double a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];
static unsigned char stream[20000];

static int order(const void *x, const void *y) {
  const unsigned p = *(const unsigned *)x, q = *(const unsigned *)y;
  return p < q ? -1 : p > q;
}

int main(void) {
  unsigned x = 0x243f6a88, sum = 0;
  for (int i = 0; i < KEYS; i++) {
    x ^= x << 13, x ^= x >> 17, x ^= x << 5;
    keys[i] = x % 20000;
  }
  for (int i = 0; i < KEYS; i++) {
    unsigned slot = keys[i] * 2654435761u % SLOTS;
    while (slots[slot].count && slots[slot].key != keys[i]) slot = (slot + 1) % SLOTS;
    if (!slots[slot].count) snprintf(slots[slot].name, sizeof slots[slot].name, "key %u", keys[i]);
    slots[slot].key = keys[i];
    if (++slots[slot].count > 3) slots[slot].count = 1;
    if (i > 1200) break;
  }
  qsort(keys, KEYS, sizeof keys[0], order);
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j++) a[i][j] = i + j, b[i][j] = i - j;
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j++)
      for (int k = 0; k < SIDE; k++) c[i][j] += a[i][k] * b[k][j];
  for (int i = 0; i + 8 < (int)sizeof stream; i += 13) { // every fifth one lies across two lines
    unsigned long word;
    memcpy(&word, stream + i, 8);
    word += keys[i % KEYS];
    memcpy(stream + i, &word, 8);
  }
  for (int i = 0; i < SLOTS; i++) sum += slots[i].count + (unsigned char)slots[i].name[4];
  printf("%u %g %u\n", sum, c[7][9], keys[KEYS / 2]);
  return 0;
}
