// The raw interface of lwIP's TCP. Prototypes, and of the control block what the macro for Nagle's algorithm touches.
#pragma once
#include <lwip/err.h>
#include <lwip/ip_addr.h>
#include <lwip/pbuf.h>

#define TF_NODELAY 0x40
#define TCP_WRITE_FLAG_COPY 0x01
struct tcp_pcb {
  uint16_t flags;
};
#define tcp_nagle_disable(pcb) ((pcb)->flags |= TF_NODELAY)

typedef err_t (*tcp_connected_fn)(void* argument, struct tcp_pcb* pcb, err_t error);
typedef err_t (*tcp_recv_fn)(void* argument, struct tcp_pcb* pcb, struct pbuf* bytes, err_t error);
typedef err_t (*tcp_sent_fn)(void* argument, struct tcp_pcb* pcb, uint16_t sizeBytes);
typedef void (*tcp_err_fn)(void* argument, err_t error);

extern "C" {
struct tcp_pcb* tcp_new(void);
void tcp_arg(struct tcp_pcb* pcb, void* argument);
void tcp_recv(struct tcp_pcb* pcb, tcp_recv_fn received);
void tcp_sent(struct tcp_pcb* pcb, tcp_sent_fn sent);
void tcp_err(struct tcp_pcb* pcb, tcp_err_fn failed);
err_t tcp_connect(struct tcp_pcb* pcb, const ip_addr_t* address, uint16_t port, tcp_connected_fn connected);
err_t tcp_write(struct tcp_pcb* pcb, const void* bytes, uint16_t sizeBytes, uint8_t flags);
err_t tcp_output(struct tcp_pcb* pcb);
void tcp_recved(struct tcp_pcb* pcb, uint16_t sizeBytes);
err_t tcp_close(struct tcp_pcb* pcb);
void tcp_abort(struct tcp_pcb* pcb);
}
