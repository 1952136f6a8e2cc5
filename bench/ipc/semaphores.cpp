// SPDX-License-Identifier: MIT
//
// POSIX semaphores in POSIX shared memory, whose name goes as soon as it is open.

#include "bench/ipc/channels.hpp"
#include "bench/ipc/slot_channel.hpp"
#include "bench/ipc/system_call.hpp"
#include "rt/os/handle.hpp"

#include <fcntl.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <new>

namespace outboard::bench::ipc {

namespace {

class SemaphoreGates {
public:
    explicit SemaphoreGates(std::byte* memory)
        : semaphores_(new (memory) std::array<Line, gate_count>)
    {
        for (Line& line : *semaphores_)
            checked(::sem_init(&line.semaphore, 1, 0), "sem_init");
    }

    void enter(Side /*side*/) {}

    void raise(Gate gate) { checked(::sem_post(&at(gate)), "sem_post"); }

    void wait(Gate gate)
    {
        checked(uninterrupted([&] { return ::sem_wait(&at(gate)); }), "sem_wait");
    }

private:
    struct alignas(rt::cache_line_bytes) Line {
        sem_t semaphore;
    };

    [[nodiscard]] sem_t& at(Gate gate) const noexcept
    {
        return (*semaphores_)[static_cast<std::size_t>(gate)].semaphore;
    }

    std::array<Line, gate_count>* semaphores_;
};

}  // namespace

std::unique_ptr<Channel> open_semaphores(const Setup& setup)
{
    const std::string name = "/outboard-bench-ipc-" + std::to_string(::getpid());
    const rt::os::UniqueHandle memory{checked(
        ::shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR), "shm_open")};
    ::shm_unlink(name.c_str());
    return std::make_unique<SlotChannel<SemaphoreGates>>(setup, memory.get());
}

}  // namespace outboard::bench::ipc
