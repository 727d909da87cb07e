// Addresses of lwIP, as it is built with IPv4 alone.
#pragma once
#include <stdint.h>

typedef struct ip4_addr {
  uint32_t addr;
} ip_addr_t;
