// SPDX-License-Identifier: MIT

#include "rt/os/memory.hpp"

#include "rt/os/linux/errors.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <utility>

#ifndef MFD_NOEXEC_SEAL
#  define MFD_NOEXEC_SEAL 0x0008U  // Linux 6.3; newer than the C library's headers
#endif

namespace outboard::rt::os {
namespace {

/// Far above any segment of ours: rounding up and off_t cannot overflow below it.
constexpr std::uint64_t size_bytes_max = std::uint64_t{1} << 40;

/// FUTURE_WRITE is the one that matters most: set after the writer has mapped the memory, it stops
/// others from mapping it writable and everybody from punching holes (FALLOC_FL_PUNCH_HOLE,
/// MADV_REMOVE), which would make the reader see zeros and take page faults. SHRINK and GROW keep
/// the size, and SEAL keeps the seals.
constexpr int all_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;

[[nodiscard]] Result<std::uint64_t> whole_pages(std::uint64_t size_bytes) noexcept
{
    if (size_bytes == 0 || size_bytes > size_bytes_max)
        return fail(ErrorCode::invalid_argument, "size of shared memory");
    const std::uint64_t page = page_bytes();
    return (size_bytes + page - 1) / page * page;
}

[[nodiscard]] Result<std::uint64_t> length_of(const UniqueHandle& memory) noexcept
{
    struct stat status {};
    if (::fstat(memory.get(), &status) != 0)
        return system_error("fstat of shared memory");
    return static_cast<std::uint64_t>(status.st_size);
}

/// Not executable where the kernel can say so; some systems refuse any other kind.
[[nodiscard]] int open_memory(const char* name) noexcept
{
    constexpr unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    const int handle = ::memfd_create(name, flags | MFD_NOEXEC_SEAL);
    return handle < 0 && errno == EINVAL ? ::memfd_create(name, flags) : handle;
}

/// MAP_POPULATE, so that no real-time thread takes the first page fault; MADV_DONTFORK, so that a
/// child forked by the host neither holds the memory alive nor makes our pages copy-on-write.
[[nodiscard]] Result<Mapping> map_prefaulted(std::uint64_t size_bytes, int protection, int flags,
                                             int handle) noexcept
{
    void* const data =
        ::mmap(nullptr, size_bytes, protection, flags | MAP_POPULATE, handle, off_t{0});
    if (data == MAP_FAILED)
        return system_error("mmap");
    Mapping mapping{static_cast<std::byte*>(data), size_bytes};
    if (::madvise(data, size_bytes, MADV_DONTFORK) != 0)
        return system_error("madvise MADV_DONTFORK");
    return mapping;
}

}  // namespace

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0))
{}

Mapping& Mapping::operator=(Mapping&& other) noexcept
{
    Mapping old{std::exchange(data_, std::exchange(other.data_, nullptr)),
                std::exchange(size_bytes_, std::exchange(other.size_bytes_, 0))};
    return *this;
}

Mapping::~Mapping()
{
    if (data_ != nullptr)
        ::munmap(data_, size_bytes_);
}

bool Mapping::lock() noexcept
{
    return ::mlock(data_, size_bytes_) == 0;
}

std::size_t page_bytes() noexcept
{
    return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

Result<UniqueHandle> create_shared_memory(const char* name, std::uint64_t size_bytes) noexcept
{
    const auto length = whole_pages(size_bytes);
    if (!length)
        return tl::unexpected(length.error());
    UniqueHandle memory{open_memory(name)};
    if (!memory.is_open())
        return system_error("memfd_create");
    // Not ftruncate: it promises pages that may not exist, and the first touch would be fatal.
    if (::fallocate(memory.get(), 0, 0, static_cast<off_t>(*length)) != 0)
        return system_error("fallocate of shared memory");
    return memory;
}

Result<void> seal(const UniqueHandle& memory) noexcept
{
    if (::fcntl(memory.get(), F_ADD_SEALS, all_seals) != 0)
        return system_error("fcntl F_ADD_SEALS");
    return {};
}

Result<bool> is_sealed(const UniqueHandle& memory, std::uint64_t size_bytes) noexcept
{
    const auto expected_length = whole_pages(size_bytes);
    if (!expected_length)
        return tl::unexpected(expected_length.error());
    const int seals = ::fcntl(memory.get(), F_GET_SEALS);
    if (seals < 0)
        return system_error("fcntl F_GET_SEALS");
    const auto length = length_of(memory);
    if (!length)
        return tl::unexpected(length.error());
    return (seals & all_seals) == all_seals && *length == *expected_length;
}

Result<Mapping> map_shared(const UniqueHandle& memory, std::uint64_t size_bytes,
                           Access access) noexcept
{
    const auto wanted = whole_pages(size_bytes);
    if (!wanted)
        return tl::unexpected(wanted.error());
    const auto length = length_of(memory);
    if (!length)
        return tl::unexpected(length.error());
    if (*length < *wanted)
        return fail(ErrorCode::invalid_argument, "shared memory is shorter than its mapping");
    const int protection = access == Access::read_write ? PROT_READ | PROT_WRITE : PROT_READ;
    return map_prefaulted(*wanted, protection, MAP_SHARED, memory.get());
}

Result<Mapping> map_private(std::uint64_t size_bytes) noexcept
{
    const auto length = whole_pages(size_bytes);
    if (!length)
        return tl::unexpected(length.error());
    return map_prefaulted(*length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

}  // namespace outboard::rt::os
