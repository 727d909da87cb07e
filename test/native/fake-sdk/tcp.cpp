/** lwIP: control blocks by number, in the order of tcp_new. Each event of a connection is steered from outside. */
#include <lwip/dns.h>
#include <lwip/tcp.h>
#include <stdio.h>
#include <string.h>

#include <map>

#include "fake.h"

namespace fake {
namespace {

struct Control : tcp_pcb {
  size_t number;
  void* argument = nullptr;
  tcp_recv_fn received = nullptr;
  tcp_sent_fn sent = nullptr;
  tcp_err_fn failed = nullptr;
  tcp_connected_fn connected = nullptr;
  /** The host may not use it any more, but lwIP still has it and tells what happens to it. */
  bool isClosed = false;
  bool isFreed = false;
};

std::vector<Control*> controls;
std::map<std::string, std::string> names;
/** Questions about names that wait for their answers. */
struct Question {
  dns_found_callback found;
  void* argument;
};
std::vector<Question> questions;
size_t sendMaxBytes = 0xffff;
int liveBuffers;

Control& of(tcp_pcb* pcb) {
  Control& control = *static_cast<Control*>(pcb);
  if (control.isClosed || control.isFreed) fail("a connection is used that is lwIP's alone");
  return control;
}

pbuf* bufferOf(const std::vector<uint8_t>& bytes) {
  pbuf* buffer = new pbuf();
  buffer->payload = new uint8_t[bytes.size()];
  memcpy(buffer->payload, bytes.data(), bytes.size());
  buffer->len = buffer->tot_len = static_cast<uint16_t>(bytes.size());
  liveBuffers++;
  return buffer;
}

void answerName(const Words& words) {
  const Question question = questions.at(0);
  questions.erase(questions.begin());
  const ip_addr_t address = {1};
  question.found("", words.at(1) == "found" ? &address : nullptr, question.argument);
}

}  // namespace

/** `name NAME found|missing|later`, `answer found|missing`, `room N`, `buffers`, or `N open|fail E|data HEX|end|ack N`. */
void steerTcp(const Words& words) {
  const std::string& what = words.at(0);
  if (what == "name") {
    names[words.at(1)] = words.at(2);
    return;
  }
  if (what == "answer") return answerName(words);
  if (what == "room") {
    sendMaxBytes = std::stoul(words.at(1));
    return;
  }
  if (what == "buffers") {
    printf("buffers %d\n", liveBuffers);
    return;
  }
  Control& control = *controls.at(std::stoul(what));
  const std::string& event = words.at(1);
  if (control.isFreed) return;
  if (event == "open") control.connected(control.argument, &control, ERR_OK);
  else if (event == "fail") {
    control.isFreed = true;
    if (control.failed != nullptr) control.failed(control.argument, static_cast<err_t>(std::stoi(words.at(2))));
  } else if (event == "data") {
    if (control.received != nullptr) control.received(control.argument, &control, bufferOf(bytesOf(words.at(2))), ERR_OK);
  } else if (event == "end") {
    if (control.received != nullptr) control.received(control.argument, &control, nullptr, ERR_OK);
  } else if (event == "ack") {
    if (control.sent != nullptr) control.sent(control.argument, &control, static_cast<uint16_t>(std::stoul(words.at(2))));
  } else fail("no such event of a connection: " + event);
}

}  // namespace fake

using namespace fake;

uint16_t pbuf_copy_partial(const pbuf* from, void* into, uint16_t sizeBytes, uint16_t offset) {
  uint16_t done = 0;
  for (; from != nullptr && done < sizeBytes; from = from->next) {
    if (offset >= from->len) {
      offset = static_cast<uint16_t>(offset - from->len);
      continue;
    }
    const uint16_t there = static_cast<uint16_t>(from->len - offset);
    const uint16_t part = there < sizeBytes - done ? there : static_cast<uint16_t>(sizeBytes - done);
    memcpy(static_cast<uint8_t*>(into) + done, static_cast<uint8_t*>(from->payload) + offset, part);
    done = static_cast<uint16_t>(done + part);
    offset = 0;
  }
  return done;
}
void pbuf_cat(pbuf* head, pbuf* tail) {
  for (; head->next != nullptr; head = head->next) head->tot_len = static_cast<uint16_t>(head->tot_len + tail->tot_len);
  head->tot_len = static_cast<uint16_t>(head->tot_len + tail->tot_len);
  head->next = tail;
}
uint8_t pbuf_free(pbuf* buffer) {
  uint8_t freed = 0;
  while (buffer != nullptr) {
    pbuf* next = buffer->next;
    delete[] static_cast<uint8_t*>(buffer->payload);
    delete buffer;
    liveBuffers--;
    freed++;
    buffer = next;
  }
  return freed;
}

err_t dns_gethostbyname(const char* name, ip_addr_t* address, dns_found_callback found, void* argument) {
  const std::string answer = names[name];
  if (answer == "later") {
    questions.push_back({found, argument});
    return ERR_INPROGRESS;
  }
  address->addr = 1;
  return answer == "found" ? ERR_OK : ERR_ABRT;
}

tcp_pcb* tcp_new() {
  Control* control = new Control();
  control->number = controls.size();
  controls.push_back(control);
  return control;
}
void tcp_arg(tcp_pcb* pcb, void* argument) { of(pcb).argument = argument; }
void tcp_recv(tcp_pcb* pcb, tcp_recv_fn received) { of(pcb).received = received; }
void tcp_sent(tcp_pcb* pcb, tcp_sent_fn sent) { of(pcb).sent = sent; }
void tcp_err(tcp_pcb* pcb, tcp_err_fn failed) { of(pcb).failed = failed; }
err_t tcp_connect(tcp_pcb* pcb, const ip_addr_t*, uint16_t port, tcp_connected_fn connected) {
  of(pcb).connected = connected;
  printf("sdk tcp %zu connect %u nodelay %d\n", of(pcb).number, port, (pcb->flags & TF_NODELAY) != 0);
  return ERR_OK;
}
err_t tcp_write(tcp_pcb* pcb, const void* bytes, uint16_t sizeBytes, uint8_t flags) {
  if (flags != TCP_WRITE_FLAG_COPY) fail("bytes of a program are not copied");
  if (sizeBytes > sendMaxBytes) return ERR_MEM;
  printf("sdk tcp %zu write %s\n", of(pcb).number, hexOf(static_cast<const uint8_t*>(bytes), sizeBytes).c_str());
  return ERR_OK;
}
err_t tcp_output(tcp_pcb* pcb) {
  of(pcb);
  return ERR_OK;
}
void tcp_recved(tcp_pcb* pcb, uint16_t sizeBytes) { printf("sdk tcp %zu recved %u\n", of(pcb).number, sizeBytes); }
err_t tcp_close(tcp_pcb* pcb) {
  printf("sdk tcp %zu close\n", of(pcb).number);
  of(pcb).isClosed = true;
  return ERR_OK;
}
void tcp_abort(tcp_pcb* pcb) {
  printf("sdk tcp %zu abort\n", of(pcb).number);
  of(pcb).isFreed = true;
}
