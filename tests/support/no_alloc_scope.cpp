// SPDX-License-Identifier: MIT
//
// The C library's allocator is replaced by one that counts and passes on. operator new and delete,
// in all their forms, end in these functions too. A sanitizer brings its own allocator, which has
// hooks for the same purpose.

#include "tests/support/no_alloc_scope.hpp"

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#  define OB_TEST_SANITIZER_HEAP 1
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
      __has_feature(realtime_sanitizer)
#    define OB_TEST_SANITIZER_HEAP 1
#  endif
#endif

namespace outboard::test {

namespace {

thread_local int open_scopes = 0;
thread_local std::uint64_t violation_count = 0;

void note_heap_use() noexcept
{
    if (open_scopes > 0)
        ++violation_count;
}

}  // namespace

NoAllocScope::NoAllocScope() noexcept : count_at_start_(violation_count)
{
    ++open_scopes;
}

NoAllocScope::~NoAllocScope()
{
    --open_scopes;
}

std::uint64_t NoAllocScope::violations() const noexcept
{
    return violation_count - count_at_start_;
}

}  // namespace outboard::test

#if defined(OB_TEST_SANITIZER_HEAP)

// As in <sanitizer/allocator_interface.h>, which GCC does not install.
// NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the sanitizer's name
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void*,
                                                                           std::size_t),
                                                         void (*on_free)(const volatile void*));

namespace {

// NOLINTNEXTLINE(cert-err58-cpp): the hooks have to be there before main()
[[maybe_unused]] const int hooks_installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void* /*memory*/, std::size_t /*size_bytes*/) {
        outboard::test::note_heap_use();
    },
    [](const volatile void* /*memory*/) { outboard::test::note_heap_use(); });

}  // namespace

#else

#  include <cerrno>
#  include <cstdlib>

extern "C" {

// The C library's own names for its allocator, for programs that put something in front of it.
// NOLINTBEGIN(bugprone-reserved-identifier,cert-*,readability-identifier-naming): not ours to name
void* __libc_malloc(std::size_t size_bytes) noexcept;
void* __libc_calloc(std::size_t count, std::size_t size_bytes) noexcept;
void* __libc_realloc(void* memory, std::size_t size_bytes) noexcept;
void* __libc_memalign(std::size_t alignment_bytes, std::size_t size_bytes) noexcept;
void __libc_free(void* memory) noexcept;
// NOLINTEND(bugprone-reserved-identifier,cert-*,readability-identifier-naming)

void* malloc(std::size_t size_bytes) noexcept
{
    outboard::test::note_heap_use();
    return __libc_malloc(size_bytes);
}

void* calloc(std::size_t count, std::size_t size_bytes) noexcept
{
    outboard::test::note_heap_use();
    return __libc_calloc(count, size_bytes);
}

void* realloc(void* memory, std::size_t size_bytes) noexcept
{
    outboard::test::note_heap_use();
    return __libc_realloc(memory, size_bytes);
}

void* memalign(std::size_t alignment_bytes, std::size_t size_bytes) noexcept
{
    outboard::test::note_heap_use();
    return __libc_memalign(alignment_bytes, size_bytes);
}

void* aligned_alloc(std::size_t alignment_bytes, std::size_t size_bytes) noexcept
{
    outboard::test::note_heap_use();
    return __libc_memalign(alignment_bytes, size_bytes);
}

int posix_memalign(void** memory, std::size_t alignment_bytes, std::size_t size_bytes) noexcept
{
    outboard::test::note_heap_use();
    const bool power_of_two =
        alignment_bytes != 0 && (alignment_bytes & (alignment_bytes - 1)) == 0;
    if (!power_of_two || alignment_bytes % sizeof(void*) != 0)
        return EINVAL;
    void* const allocated = __libc_memalign(alignment_bytes, size_bytes);
    if (allocated == nullptr)
        return ENOMEM;
    *memory = allocated;
    return 0;
}

void free(void* memory) noexcept
{
    outboard::test::note_heap_use();
    __libc_free(memory);
}

}  // extern "C"

#endif
