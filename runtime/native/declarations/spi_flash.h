// The SDK's access to the flash chip. Prototypes only.
#pragma once
#include <stdint.h>

typedef enum { SPI_FLASH_RESULT_OK, SPI_FLASH_RESULT_ERR, SPI_FLASH_RESULT_TIMEOUT } SpiFlashOpResult;

/** The head of the ROM's description of the chip. */
typedef struct {
  uint32_t deviceId;
  uint32_t chip_size;
} SpiFlashChip;

extern "C" {
extern SpiFlashChip* flashchip;
uint32_t spi_flash_get_id(void);
SpiFlashOpResult spi_flash_erase_sector(uint16_t sector);
SpiFlashOpResult spi_flash_write(uint32_t address, uint32_t* words, uint32_t sizeBytes);
SpiFlashOpResult spi_flash_read(uint32_t address, uint32_t* words, uint32_t sizeBytes);
}
