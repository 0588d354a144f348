// What a processor can do and Swift has no name for.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether this processor has an instruction for CRC-32C.
bool hookgate_has_crc32c(void);

/// Goes on from a state (the checksum's complement) over more bytes. Only where the processor has the instruction.
uint32_t hookgate_crc32c(uint32_t state, const void *bytes, size_t count);

/// On how many processors the system lets this process run (sched_getaffinity(2)); 0 where it does not say.
int hookgate_bound_processors(void);
