/* tsan.c -- what -fsanitize=thread calls, of gcc and of clang; the sanitizer's own library is not linked.
 *
 * SPDX-License-Identifier: MIT
 */
#include "model.h"

#define PC __builtin_return_address(0)

/* ---- plain accesses */

#define ACCESS(name, size, how)                                                                                        \
    void __tsan_##name(void *address);                                                                                 \
    void __tsan_##name(void *address)                                                                                  \
    {                                                                                                                  \
        model_access(address, size, how, PC);                                                                          \
    }

#define ACCESSES(size)                                                                                                 \
    ACCESS(read##size, size, READS)                                                                                    \
    ACCESS(write##size, size, WRITES)                                                                                  \
    ACCESS(unaligned_read##size, size, READS)                                                                          \
    ACCESS(unaligned_write##size, size, WRITES)                                                                        \
    ACCESS(volatile_read##size, size, READS)                                                                           \
    ACCESS(volatile_write##size, size, WRITES)                                                                         \
    ACCESS(unaligned_volatile_read##size, size, READS)                                                                 \
    ACCESS(unaligned_volatile_write##size, size, WRITES)

ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

void __tsan_read_range(void *address, size_t size);
void __tsan_read_range(void *address, size_t size)
{
    model_access(address, size, READS, PC);
}

void __tsan_write_range(void *address, size_t size);
void __tsan_write_range(void *address, size_t size)
{
    model_access(address, size, WRITES, PC);
}

void *__tsan_memcpy(void *to, const void *from, size_t size);
void *__tsan_memcpy(void *to, const void *from, size_t size)
{
    model_access(from, size, READS, PC);
    model_access(to, size, WRITES, PC);
    return memcpy(to, from, size);
}

void *__tsan_memmove(void *to, const void *from, size_t size);
void *__tsan_memmove(void *to, const void *from, size_t size)
{
    model_access(from, size, READS, PC);
    model_access(to, size, WRITES, PC);
    return memmove(to, from, size);
}

void *__tsan_memset(void *to, int byte, size_t size);
void *__tsan_memset(void *to, int byte, size_t size)
{
    model_access(to, size, WRITES, PC);
    return memset(to, byte, size);
}

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller)
{
    (void)caller;
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}

/* ---- atomics */

#define UPDATE(bits, type, name, op)                                                                                   \
    type __tsan_atomic##bits##_##name(volatile type *address, type value, int order);                                  \
    type __tsan_atomic##bits##_##name(volatile type *address, type value, int order)                                   \
    {                                                                                                                  \
        return (type)model_update(address, sizeof(type), op, value, order, PC);                                        \
    }

#define COMPARE(bits, type, name, weak)                                                                                \
    int __tsan_atomic##bits##_compare_exchange_##name(volatile type *address, type *expected, type value, int order,   \
                                                      int order_else);                                                 \
    int __tsan_atomic##bits##_compare_exchange_##name(volatile type *address, type *expected, type value, int order,   \
                                                      int order_else)                                                  \
    {                                                                                                                  \
        uint64_t seen = *expected;                                                                                     \
        bool done = model_compare_exchange(address, sizeof(type), &seen, value, order, order_else, weak, PC);          \
        *expected = (type)seen;                                                                                        \
        return done;                                                                                                   \
    }

/* clang's, of a weak one too. */
#define COMPARE_VALUE(bits, type)                                                                                      \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *address, type expected, type value, int order,      \
                                                    int order_else);                                                   \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *address, type expected, type value, int order,      \
                                                    int order_else)                                                    \
    {                                                                                                                  \
        uint64_t seen = expected;                                                                                      \
        model_compare_exchange(address, sizeof(type), &seen, value, order, order_else, false, PC);                     \
        return (type)seen;                                                                                             \
    }

#define ATOMICS(bits, type)                                                                                            \
    type __tsan_atomic##bits##_load(const volatile type *address, int order);                                          \
    type __tsan_atomic##bits##_load(const volatile type *address, int order)                                           \
    {                                                                                                                  \
        return (type)model_load((volatile void *)(uintptr_t)address, sizeof(type), order, PC);                         \
    }                                                                                                                  \
    void __tsan_atomic##bits##_store(volatile type *address, type value, int order);                                   \
    void __tsan_atomic##bits##_store(volatile type *address, type value, int order)                                    \
    {                                                                                                                  \
        model_store(address, sizeof(type), value, order, PC);                                                          \
    }                                                                                                                  \
    UPDATE(bits, type, exchange, OP_EXCHANGE)                                                                          \
    UPDATE(bits, type, fetch_add, OP_ADD)                                                                              \
    UPDATE(bits, type, fetch_sub, OP_SUB)                                                                              \
    UPDATE(bits, type, fetch_and, OP_AND)                                                                              \
    UPDATE(bits, type, fetch_or, OP_OR)                                                                                \
    UPDATE(bits, type, fetch_xor, OP_XOR)                                                                              \
    UPDATE(bits, type, fetch_nand, OP_NAND)                                                                            \
    COMPARE_VALUE(bits, type)                                                                                          \
    COMPARE(bits, type, strong, false)                                                                                 \
    COMPARE(bits, type, weak, true)

ATOMICS(8, uint8_t)
ATOMICS(16, uint16_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
    model_fail("a standalone fence (%d)", order);
}
