// The core's serial ports. Prototypes only.
#pragma once
#include <stddef.h>

#define UART0 0
#define UART_NO -1
#define UART_8N1 0x1c
#define UART_FULL 0

extern "C" {
struct uart_;
typedef struct uart_ uart_t;
uart_t* uart_init(int number, int baudRate, int config, int mode, int txPin, size_t rxBytes, bool isInverted);
size_t uart_write(uart_t* uart, const char* bytes, size_t sizeBytes);
size_t uart_read(uart_t* uart, char* into, size_t capacityBytes);
size_t uart_rx_available(uart_t* uart);
size_t uart_tx_free(uart_t* uart);
void uart_set_debug(int number);
void uart_wait_tx_empty(uart_t* uart);
}
