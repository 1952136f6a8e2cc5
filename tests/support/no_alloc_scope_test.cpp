// SPDX-License-Identifier: MIT

#include "tests/support/no_alloc_scope.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <thread>

using outboard::test::NoAllocScope;

namespace {

struct alignas(128) WideLine {
    char bytes[128];
};

/// Keeps the compiler from removing an allocation that nobody uses.
template <typename T>
T* used(T* memory)
{
    asm volatile("" : : "r"(memory) : "memory");
    return memory;
}

std::uint64_t violations_of(const std::function<void()>& action)
{
    const NoAllocScope scope;
    action();
    return scope.violations();
}

}  // namespace

TEST_SUITE("support/no_alloc_scope")
{
    TEST_CASE("code that leaves the heap alone has no violation")
    {
        int sum = 0;
        CHECK(violations_of([&sum] { sum += 1; }) == 0);
        CHECK(sum == 1);
    }

    TEST_CASE("every form of new and delete is counted")
    {
        CHECK(violations_of([] { delete used(new int{1}); }) == 2);
        CHECK(violations_of([] { delete[] used(new int[4]); }) == 2);
        CHECK(violations_of([] { delete used(new (std::nothrow) int{1}); }) == 2);
        CHECK(violations_of([] { delete used(new WideLine); }) == 2);
        CHECK(violations_of([] { delete[] used(new (std::nothrow) WideLine[2]); }) == 2);
    }

    TEST_CASE("the functions of the C library are counted")
    {
        CHECK(violations_of([] { std::free(used(std::malloc(1))); }) == 2);
        CHECK(violations_of([] { std::free(used(std::calloc(1, 1))); }) == 2);
        // ThreadSanitizer has no hook for the aligned forms: there only the release is seen.
        CHECK(violations_of([] { std::free(used(std::aligned_alloc(64, 64))); }) >= 1);
        CHECK(violations_of([] {
                  void* memory = nullptr;
                  if (posix_memalign(&memory, 64, 64) == 0)
                      std::free(used(memory));
              }) >= 1);
    }

    TEST_CASE("growing a block is counted")
    {
        void* const memory = std::malloc(16);
        void* grown = nullptr;
        CHECK(violations_of([&] { grown = std::realloc(memory, 4096); }) >= 1);
        std::free(grown);
    }

    TEST_CASE("another thread's allocations are not ours")
    {
        std::uint64_t theirs = 0;
        std::thread other{[&theirs] { theirs = violations_of([] { delete used(new int{1}); }); }};
        other.join();
        CHECK(theirs == 2);
        CHECK(violations_of([] {}) == 0);
    }

    TEST_CASE("a scope counts from its own beginning, and an inner one is seen by the outer")
    {
        const NoAllocScope outer;
        delete used(new int{1});
        std::uint64_t inner_count = 0;
        {
            const NoAllocScope inner;
            delete used(new int{1});
            inner_count = inner.violations();
        }
        const auto outer_count = outer.violations();
        CHECK(inner_count == 2);
        CHECK(outer_count == 4);
    }

    TEST_CASE("after the scope the heap is free to use")
    {
        CHECK(violations_of([] {}) == 0);
        const auto memory = std::make_unique<int>(1);
        CHECK(violations_of([] {}) == 0);
        CHECK(*memory == 1);
    }
}
