#include "CProcessor.h"

#include <string.h>

#if defined(__x86_64__)

#include <cpuid.h>

bool hookgate_has_crc32c(void) {
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2);
}

__attribute__((target("sse4.2"))) uint32_t hookgate_crc32c(uint32_t state, const void *bytes, size_t count) {
    const unsigned char *next = bytes;
    uint64_t crc = state;
    for (; count >= 8; next += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        crc = __builtin_ia32_crc32di(crc, word);
    }
    for (; count > 0; next++, count--) crc = __builtin_ia32_crc32qi((uint32_t)crc, *next);
    return (uint32_t)crc;
}

#elif defined(__aarch64__) && (defined(__linux__) || defined(__APPLE__))

#if defined(__linux__)
#include <sys/auxv.h>
// From <asm/hwcap.h>.
enum { HWCAP_CRC32_BIT = 1 << 7 };

bool hookgate_has_crc32c(void) { return getauxval(AT_HWCAP) & HWCAP_CRC32_BIT; }
#else
bool hookgate_has_crc32c(void) { return true; }
#endif

__attribute__((target("crc"))) uint32_t hookgate_crc32c(uint32_t state, const void *bytes, size_t count) {
    const unsigned char *next = bytes;
    for (; count >= 8; next += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        state = __builtin_arm_crc32cd(state, word);
    }
    for (; count > 0; next++, count--) state = __builtin_arm_crc32cb(state, *next);
    return state;
}

#else

bool hookgate_has_crc32c(void) { return false; }

uint32_t hookgate_crc32c(uint32_t state, const void *bytes, size_t count) {
    (void)bytes, (void)count;
    return state;
}

#endif
