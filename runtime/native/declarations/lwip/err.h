// Results of lwIP.
#pragma once
#include <stdint.h>

typedef int8_t err_t;
enum { ERR_OK = 0, ERR_MEM = -1, ERR_INPROGRESS = -5, ERR_ABRT = -13, ERR_RST = -14 };
