/* sort.ts in C. */
#include "kernel.h"

enum { COUNT = 1024, SHORT = 12 };

static int32_t values[COUNT];

SETUP int32_t *prepare(void) {
  random_fill((uint32_t *)values, COUNT);
  return values;
}

static void insertion_sort(int32_t *first, int32_t *last) {
  for (int32_t *next = first + 1; next <= last; next++) {
    int32_t value = *next;
    int32_t *hole = next;
    while (hole > first && hole[-1] > value) {
      *hole = hole[-1];
      hole--;
    }
    *hole = value;
  }
}

void sort(int32_t *first, int32_t *last) {
  while (last - first > SHORT) {
    int32_t pivot = first[(last - first) >> 1];
    int32_t *low = first;
    int32_t *high = last;
    while (low <= high) {
      while (*low < pivot) low++;
      while (*high > pivot) high--;
      if (low <= high) {
        int32_t moved = *low;
        *low = *high;
        *high = moved;
        low++;
        high--;
      }
    }
    if (first < high) sort(first, high);
    first = low;
    if (first >= last) return;
  }
  insertion_sort(first, last);
}

SETUP uint32_t check(void) { return hash_words((uint32_t *)values, COUNT); }
