// SPDX-License-Identifier: MIT

#include "bench/ipc/shared_memory.hpp"

#include <unistd.h>

namespace outboard::bench::ipc {

SharedMemory::SharedMemory(std::size_t size_bytes, int file) : size_bytes_(size_bytes)
{
    if (file >= 0)
        checked(::ftruncate(file, static_cast<off_t>(size_bytes)), "ftruncate");
    const int flags = MAP_SHARED | MAP_POPULATE | (file < 0 ? MAP_ANONYMOUS : 0);
    data_ = ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, flags, file, 0);
    if (data_ == MAP_FAILED)
        throw_errno("mmap");
}

}  // namespace outboard::bench::ipc
