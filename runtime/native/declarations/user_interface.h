// The SDK: resets, RTC memory, Wi-Fi. Prototypes, and of its structures what the host touches.
#pragma once
#include <stdint.h>

enum rst_reason {
  REASON_DEFAULT_RST = 0,
  REASON_WDT_RST = 1,
  REASON_EXCEPTION_RST = 2,
  REASON_SOFT_WDT_RST = 3,
  REASON_SOFT_RESTART = 4,
  REASON_DEEP_SLEEP_AWAKE = 5,
  REASON_EXT_SYS_RST = 6
};

struct rst_info {
  uint32_t reason;
  uint32_t exccause;
  uint32_t epc1;
  uint32_t epc2;
  uint32_t epc3;
  uint32_t excvaddr;
  uint32_t depc;
};

#define STATION_IF 0x00
typedef enum { NULL_MODE = 0, STATION_MODE } WIFI_MODE;
enum {
  STATION_IDLE = 0,
  STATION_CONNECTING,
  STATION_WRONG_PASSWORD,
  STATION_NO_AP_FOUND,
  STATION_CONNECT_FAIL,
  STATION_GOT_IP
};
typedef enum { AUTH_OPEN = 0, AUTH_WEP, AUTH_WPA_PSK, AUTH_WPA2_PSK, AUTH_WPA_WPA2_PSK } AUTH_MODE;
typedef enum { OK = 0, FAIL, PENDING, BUSY, CANCEL } STATUS;
enum sleep_type { NONE_SLEEP_T = 0, LIGHT_SLEEP_T, MODEM_SLEEP_T };

struct station_config {
  uint8_t ssid[32];
  uint8_t password[64];
  uint8_t bssid_set;
};

struct bss_info {
  struct {
    struct bss_info* stqe_next;
  } next;
  uint8_t bssid[6];
  uint8_t ssid[32];
  uint8_t ssid_len;
  uint8_t channel;
  int8_t rssi;
  AUTH_MODE authmode;
  uint8_t is_hidden;
};
#define STAILQ_NEXT(element, field) ((element)->field.stqe_next)

struct scan_config {
  uint8_t* ssid;
  uint8_t* bssid;
  uint8_t channel;
  uint8_t show_hidden;
};
typedef void (*scan_done_cb_t)(void* found, STATUS status);
typedef void (*wifi_promiscuous_cb_t)(uint8_t* bytes, uint16_t sizeBytes);
typedef void (*freedom_outside_cb_t)(uint8_t status);

extern "C" {
struct rst_info* system_get_rst_info(void);
void system_restart(void);
bool system_deep_sleep(uint64_t us);
uint32_t system_rtc_clock_cali_proc(void);
bool system_rtc_mem_read(uint8_t block, void* into, uint16_t sizeBytes);
bool system_rtc_mem_write(uint8_t block, const void* from, uint16_t sizeBytes);
void system_soft_wdt_feed(void);

bool wifi_get_macaddr(uint8_t interface, uint8_t* mac);
enum sleep_type wifi_fpm_get_sleep_type(void);
void wifi_fpm_do_wakeup(void);
void wifi_fpm_close(void);
bool wifi_set_opmode_current(WIFI_MODE mode);
bool wifi_set_channel(uint8_t channel);
bool wifi_station_set_config_current(struct station_config* config);
bool wifi_station_set_reconnect_policy(bool set);
bool wifi_station_connect(void);
bool wifi_station_disconnect(void);
uint8_t wifi_station_get_connect_status(void);
int8_t wifi_station_get_rssi(void);
bool wifi_station_scan(struct scan_config* config, scan_done_cb_t done);
void wifi_promiscuous_enable(uint8_t isOn);
void wifi_set_promiscuous_rx_cb(wifi_promiscuous_cb_t received);
int wifi_register_send_pkt_freedom_cb(freedom_outside_cb_t sent);
int wifi_send_pkt_freedom(uint8_t* bytes, int sizeBytes, bool systemSequence);
}
