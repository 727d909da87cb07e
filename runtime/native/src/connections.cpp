/**
 * TCP by lwIP's raw interface: its calls never wait, its callbacks come from the SDK's task, between two calls of
 * `loop` and so never inside of a program. States and results are those of runtime/board/tcp-network.ts. Both
 * directions are bounded: received bytes stay in lwIP's buffers and its window until they are read, and a write takes
 * no more than SEND_BUFFER_BYTES that the peer has not acknowledged.
 *
 * TLS is refused: this host has no certificate that it could trust, and an unchecked connection would only look safe.
 */
#include "connections.h"

#include <lwip/dns.h>
#include <lwip/tcp.h>
#include <string.h>

#include "contract.h"
#include "host.h"
#include "network.h"
#include "program-memory.h"

namespace lintel {
namespace {

/** RFC 1035 2.3.4, as text without the final dot. */
constexpr uint32_t HOST_NAME_MAX_BYTES = 253;
constexpr int32_t PORT_MAX = 65535;

struct Connection {
  bool isUsed;
  /** A TcpStatus, or the HostError that ended the connection. The first error stays. */
  int32_t status;
  tcp_pcb* pcb;
  uint16_t port;
  /** Of this use of the handle: an answer about a name may come when the handle is somebody else's. */
  uint32_t generation;
  pbuf* received;
  /** Of `received`, how much was read. */
  uint16_t readBytes;
  uint32_t unacknowledgedBytes;
};

Connection connections[TCP_MAX_HANDLES];
uint32_t generations;

Connection* connectionOf(int32_t handle) {
  if (handle < 0 || static_cast<uint32_t>(handle) >= TCP_MAX_HANDLES) return nullptr;
  return connections[handle].isUsed ? &connections[handle] : nullptr;
}

Connection& of(void* argument) { return *static_cast<Connection*>(argument); }

void freeReceived(Connection& connection) {
  if (connection.received != nullptr) pbuf_free(connection.received);
  connection.received = nullptr;
  connection.readBytes = 0;
}

void become(Connection& connection, int32_t status) {
  if (connection.status < 0 || connection.status == status) return;
  connection.status = status;
  if (status < 0) freeReceived(connection);
  wake();
}

/** From here on lwIP does not know the connection; it still sends what it has taken. */
void detach(Connection& connection) {
  tcp_pcb* pcb = connection.pcb;
  connection.pcb = nullptr;
  if (pcb == nullptr) return;
  tcp_arg(pcb, nullptr);
  tcp_recv(pcb, nullptr);
  tcp_sent(pcb, nullptr);
  tcp_err(pcb, nullptr);
}

void abortConnection(Connection& connection) {
  tcp_pcb* pcb = connection.pcb;
  detach(connection);
  if (pcb != nullptr) tcp_abort(pcb);
}

/** lwIP has freed the control block already. A refusal is an answer to the first packet (RFC 9293 3.10.7.3). */
void onError(void* argument, err_t error) {
  Connection& connection = of(argument);
  connection.pcb = nullptr;
  const bool isRefusal = error == ERR_RST && connection.status == TcpStatus::Connecting;
  become(connection, isRefusal ? HostError::Refused : HostError::Broken);
}

/** No bytes: the peer has ended its side. */
err_t onReceived(void* argument, tcp_pcb*, pbuf* bytes, err_t) {
  Connection& connection = of(argument);
  if (bytes == nullptr) {
    become(connection, TcpStatus::Closed);
    return ERR_OK;
  }
  if (connection.received == nullptr) connection.received = bytes;
  else pbuf_cat(connection.received, bytes);
  wake();
  return ERR_OK;
}

err_t onSent(void* argument, tcp_pcb*, uint16_t sizeBytes) {
  Connection& connection = of(argument);
  const bool wasFull = connection.unacknowledgedBytes >= SEND_BUFFER_BYTES;
  connection.unacknowledgedBytes -= sizeBytes;
  if (wasFull) wake();
  return ERR_OK;
}

err_t onConnected(void* argument, tcp_pcb*, err_t) {
  become(of(argument), TcpStatus::Open);
  return ERR_OK;
}

void connectTo(Connection& connection, const ip_addr_t* address) {
  tcp_pcb* pcb = tcp_new();
  if (pcb == nullptr) {
    become(connection, HostError::Broken);
    return;
  }
  connection.pcb = pcb;
  tcp_arg(pcb, &connection);
  tcp_recv(pcb, onReceived);
  tcp_sent(pcb, onSent);
  tcp_err(pcb, onError);
  tcp_nagle_disable(pcb);
  if (tcp_connect(pcb, address, connection.port, onConnected) == ERR_OK) return;
  abortConnection(connection);
  become(connection, HostError::Broken);
}

void onName(const char*, const ip_addr_t* address, void* argument) {
  const uint32_t generation = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(argument));
  for (Connection& connection : connections) {
    if (!connection.isUsed || connection.generation != generation || connection.status < 0) continue;
    if (address == nullptr) become(connection, HostError::HostNotFound);
    else connectTo(connection, address);
  }
}

void startConnecting(Connection& connection, const char* name) {
  ip_addr_t address;
  void* argument = reinterpret_cast<void*>(static_cast<uintptr_t>(connection.generation));
  const err_t result = dns_gethostbyname(name, &address, onName, argument);
  if (result == ERR_OK) connectTo(connection, &address);
  else if (result != ERR_INPROGRESS) become(connection, HostError::HostNotFound);
}

/** What is unread is given back to the window first: lwIP answers a close before that with a reset. */
void closeConnection(Connection& connection) {
  tcp_pcb* pcb = connection.pcb;
  const bool isConnecting = connection.status == TcpStatus::Connecting;
  if (pcb != nullptr && connection.received != nullptr) {
    tcp_recved(pcb, static_cast<uint16_t>(connection.received->tot_len - connection.readBytes));
  }
  freeReceived(connection);
  detach(connection);
  connection.isUsed = false;
  if (pcb != nullptr && (isConnecting || tcp_close(pcb) != ERR_OK)) tcp_abort(pcb);
}

bool isPrintable(const uint8_t* bytes, int32_t sizeBytes) {
  for (int32_t index = 0; index < sizeBytes; index++) {
    if (bytes[index] <= 0x20 || bytes[index] >= 0x7f) return false;
  }
  return true;
}

}  // namespace

void breakConnections() {
  for (Connection& connection : connections) {
    if (!connection.isUsed) continue;
    abortConnection(connection);
    become(connection, HostError::Broken);
  }
}

void dropConnections() {
  for (Connection& connection : connections) {
    abortConnection(connection);
    freeReceived(connection);
    connection.isUsed = false;
  }
}

}  // namespace lintel

using namespace lintel;

extern "C" int32_t host_tcp_open(uint32_t host, int32_t len, int32_t port, int32_t flags) {
  const int32_t fault = rangeFault(host, len);
  if (fault < 0) return fault;
  if (len == 0 || static_cast<uint32_t>(len) > HOST_NAME_MAX_BYTES || !isPrintable(bytesAt(host), len)) {
    return HostError::BadArgument;
  }
  if (port < 1 || port > PORT_MAX || (flags & ~TcpFlag::Tls) != 0) return HostError::BadArgument;
  uint32_t handle = 0;
  while (handle < TCP_MAX_HANDLES && connections[handle].isUsed) handle++;
  if (handle == TCP_MAX_HANDLES) return HostError::NoHandle;
  if ((flags & TcpFlag::Tls) != 0) return reportMissing("tcp_open with TLS");
  if (networkStatus() != NetStatus::Up) return HostError::NotConnected;
  char name[HOST_NAME_MAX_BYTES + 1];
  memcpy(name, bytesAt(host), static_cast<size_t>(len));
  name[len] = '\0';
  Connection& connection = connections[handle];
  connection = {true, TcpStatus::Connecting, nullptr, static_cast<uint16_t>(port), ++generations, nullptr, 0, 0};
  startConnecting(connection, name);
  return static_cast<int32_t>(handle);
}

extern "C" int32_t host_tcp_status(int32_t h) {
  const Connection* connection = connectionOf(h);
  return connection == nullptr ? HostError::NotConnected : connection->status;
}

extern "C" int32_t host_tcp_write(int32_t h, uint32_t ptr, int32_t len) {
  const int32_t fault = rangeFault(ptr, len);
  if (fault < 0) return fault;
  Connection* connection = connectionOf(h);
  if (connection == nullptr) return HostError::NotConnected;
  if (connection->status < 0) return connection->status;
  if (connection->status != TcpStatus::Open) return HostError::NotConnected;
  const uint32_t room = SEND_BUFFER_BYTES - connection->unacknowledgedBytes;
  uint32_t taken = static_cast<uint32_t>(len) < room ? static_cast<uint32_t>(len) : room;
  // lwIP takes all or nothing; when it is short of memory, less may do.
  const auto write = [connection, ptr](uint32_t sizeBytes) {
    return tcp_write(connection->pcb, bytesAt(ptr), static_cast<uint16_t>(sizeBytes), TCP_WRITE_FLAG_COPY) == ERR_OK;
  };
  while (taken > 0 && !write(taken)) taken /= 2;
  if (taken > 0) tcp_output(connection->pcb);
  connection->unacknowledgedBytes += taken;
  return static_cast<int32_t>(taken);
}

extern "C" int32_t host_tcp_read(int32_t h, uint32_t ptr, int32_t cap) {
  const int32_t fault = rangeFault(ptr, cap);
  if (fault < 0) return fault;
  Connection* connection = connectionOf(h);
  if (connection == nullptr) return HostError::NotConnected;
  pbuf* received = connection->received;
  if (received == nullptr) return connection->status < 0 ? connection->status : 0;
  const uint32_t waiting = static_cast<uint32_t>(received->tot_len - connection->readBytes);
  const uint32_t room = static_cast<uint32_t>(cap);
  const uint16_t taken = static_cast<uint16_t>(room < waiting ? room : waiting);
  pbuf_copy_partial(received, bytesAt(ptr), taken, connection->readBytes);
  connection->readBytes = static_cast<uint16_t>(connection->readBytes + taken);
  if (connection->readBytes == received->tot_len) freeReceived(*connection);
  if (connection->pcb != nullptr && taken > 0) tcp_recved(connection->pcb, taken);
  return taken;
}

extern "C" int32_t host_tcp_close(int32_t h) {
  Connection* connection = connectionOf(h);
  if (connection == nullptr) return HostError::NotConnected;
  closeConnection(*connection);
  return 0;
}
