// SPDX-License-Identifier: MIT
//
// What sealed memory promises to the side that reads it, and what the system really refuses to the
// side that writes it.

#include "rt/os/memory.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace {

using namespace outboard::rt;

constexpr std::uint64_t size_bytes = std::uint64_t{64} * 1024;

/// The service-owned kind of segment: written through a mapping made before the seals.
struct SealedFixture {
    SealedFixture()
    {
        auto created = os::create_shared_memory("outboard-test", size_bytes);
        REQUIRE(created);
        memory = *std::move(created);
        auto mapped = os::map_shared(memory, size_bytes, os::Access::read_write);
        REQUIRE(mapped);
        writable = *std::move(mapped);
        REQUIRE(os::seal(memory));
    }

    os::UniqueHandle memory;
    os::Mapping writable;
};

[[nodiscard]] ErrorCode code_of(const Result<os::Mapping>& result)
{
    REQUIRE_FALSE(result);
    return result.error().code;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // their shadow memory faults
#  define OB_CAN_COUNT_FAULTS 1
[[nodiscard]] long page_faults()
{
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}
#endif

}  // namespace

TEST_SUITE("rt/os_memory")
{
    TEST_CASE("memory is zeroed, whole pages long and not inherited by execve")
    {
        const auto memory = os::create_shared_memory("outboard-test", 1);
        REQUIRE(memory);
        const auto mapping = os::map_shared(*memory, 1, os::Access::read_write);
        REQUIRE(mapping);
        CHECK(mapping->size_bytes() == os::page_bytes());
        const auto bytes = mapping->bytes();
        CHECK(
            std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{}; }));
        CHECK((::fcntl(memory->get(), F_GETFD) & FD_CLOEXEC) != 0);
    }

    TEST_CASE("sizes of nothing, and such as overflow when rounded up, are refused")
    {
        const auto memory = os::create_shared_memory("outboard-test", size_bytes);
        REQUIRE(memory);
        for (const std::uint64_t size : {std::uint64_t{0}, ~std::uint64_t{0}}) {
            CAPTURE(size);
            CHECK_FALSE(os::create_shared_memory("outboard-test", size));
            CHECK(code_of(os::map_shared(*memory, size, os::Access::read_only)) ==
                  ErrorCode::invalid_argument);
            CHECK(code_of(os::map_private(size)) == ErrorCode::invalid_argument);
        }
    }

    TEST_CASE("memory that is shorter than it should be is not mapped: nothing may fault later")
    {
        const auto memory = os::create_shared_memory("outboard-test", size_bytes);
        REQUIRE(memory);
        CHECK(code_of(os::map_shared(*memory, size_bytes + 1, os::Access::read_only)) ==
              ErrorCode::invalid_argument);
    }

    TEST_CASE("what is no memory at all is refused")
    {
        CHECK_FALSE(os::map_shared(os::UniqueHandle{}, size_bytes, os::Access::read_only));
        CHECK_FALSE(os::seal(os::UniqueHandle{}));
        CHECK_FALSE(os::is_sealed(os::UniqueHandle{}, size_bytes));
        const os::UniqueHandle file{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        CHECK_FALSE(os::is_sealed(file, size_bytes));
        CHECK_FALSE(os::map_shared(file, size_bytes, os::Access::read_only));
    }

    TEST_CASE_FIXTURE(SealedFixture, "a mapping made before the seals still writes, others read it")
    {
        const auto reader = os::map_shared(memory, size_bytes, os::Access::read_only);
        REQUIRE(reader);
        writable.bytes().back() = std::byte{42};
        CHECK(reader->bytes().back() == std::byte{42});
    }

    TEST_CASE_FIXTURE(SealedFixture, "sealed memory can neither shrink nor grow")
    {
        CHECK(::ftruncate(memory.get(), 0) == -1);
        CHECK(errno == EPERM);
        CHECK(::ftruncate(memory.get(), 2 * size_bytes) == -1);
        CHECK(errno == EPERM);
    }

    TEST_CASE_FIXTURE(SealedFixture, "sealed memory gets no second writable mapping and no write()")
    {
        CHECK(code_of(os::map_shared(memory, size_bytes, os::Access::read_write)) ==
              ErrorCode::no_permission);
        CHECK(::pwrite(memory.get(), "x", 1, 0) == -1);
        const auto reader = os::map_shared(memory, size_bytes, os::Access::read_only);
        REQUIRE(reader);
        CHECK(::mprotect(reader->data(), reader->size_bytes(), PROT_READ | PROT_WRITE) == -1);
    }

    TEST_CASE_FIXTURE(SealedFixture, "holes cannot be punched into sealed memory")
    {
        const auto reader = os::map_shared(memory, size_bytes, os::Access::read_only);
        REQUIRE(reader);
        writable.bytes().front() = std::byte{42};
        SUBCASE("through the handle")
        {
            CHECK(::fallocate(memory.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                              size_bytes) == -1);
        }
        SUBCASE("through the writable mapping")
        {
            CHECK(::madvise(writable.data(), writable.size_bytes(), MADV_REMOVE) == -1);
        }
        CHECK(reader->bytes().front() == std::byte{42});
    }

    TEST_CASE_FIXTURE(SealedFixture, "the seals are recognised and cannot be changed")
    {
        CHECK(os::is_sealed(memory, size_bytes) == true);
        CHECK(os::is_sealed(memory, size_bytes - 1) == true);  // rounds to the same
        CHECK(::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_WRITE) == -1);
        CHECK_FALSE(os::seal(memory));
    }

    TEST_CASE("memory without all seals, or of another size, is not taken for sealed")
    {
        const auto memory = os::create_shared_memory("outboard-test", size_bytes);
        REQUIRE(memory);
        CHECK(os::is_sealed(*memory, size_bytes) == false);
        REQUIRE(::fcntl(memory->get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) ==
                0);
        CHECK(os::is_sealed(*memory, size_bytes) == false);
    }

    TEST_CASE_FIXTURE(SealedFixture, "sealed memory of another size is not what was agreed")
    {
        CHECK(os::is_sealed(memory, size_bytes + 1) == false);
    }

#if defined(OB_CAN_COUNT_FAULTS)
    TEST_CASE("no first touch of a mapping takes a page fault [rt]")
    {
        const auto memory = os::create_shared_memory("outboard-test", size_bytes);
        REQUIRE(memory);
        const auto shared = os::map_shared(*memory, size_bytes, os::Access::read_write);
        const auto own = os::map_private(size_bytes);
        REQUIRE(shared);
        REQUIRE(own);

        const long before = page_faults();
        const long counting = page_faults() - before;
        std::fill(shared->bytes().begin(), shared->bytes().end(), std::byte{1});
        std::fill(own->bytes().begin(), own->bytes().end(), std::byte{1});
        CHECK(page_faults() - before <= 2 * counting + 1);  // of 32 pages; the first may be code
    }
#endif

    TEST_CASE("a forked child does not have the mappings")
    {
        const auto mapping = os::map_private(size_bytes);
        REQUIRE(mapping);
        const pid_t child = ::fork();
        if (child == 0) {
            // mincore() says ENOMEM for addresses where nothing is mapped.
            unsigned char residency = 0;
            const bool is_gone =
                ::mincore(mapping->data(), os::page_bytes(), &residency) == -1 && errno == ENOMEM;
            ::_exit(is_gone ? 0 : 1);
        }
        REQUIRE(child > 0);
        int status = -1;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }

    TEST_CASE("a mapping is moved, not copied, and a small one can be locked")
    {
        auto first = os::map_private(1);
        REQUIRE(first);
        std::byte* const data = first->data();
        os::Mapping second = *std::move(first);
        CHECK(second.data() == data);
        CHECK(first->data() == nullptr);  // NOLINT(bugprone-use-after-move): that is the promise
        CHECK(second.lock());
        os::Mapping third;
        third = std::move(second);
        CHECK(third.data() == data);
        CHECK(third.size_bytes() == os::page_bytes());
    }
}
