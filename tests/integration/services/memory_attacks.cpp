// SPDX-License-Identifier: MIT

#include "tests/integration/services/memory_attacks.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <array>
#include <cstddef>
#include <string>

namespace outboard::test {

namespace {

constexpr off_t page = 4096;
constexpr std::array<const char*, 3> segment_names = {"host-owned", "service-owned", "bells"};

[[nodiscard]] bool can_punch(int handle)
{
    return ::fallocate(handle, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, page) == 0;
}

[[nodiscard]] bool can_map_writable(int handle)
{
    void* const data = ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, handle, 0);
    if (data == MAP_FAILED)
        return false;
    ::munmap(data, page);
    return true;
}

[[nodiscard]] bool can_write(int handle)
{
    const char word[8] = {};
    return ::pwrite(handle, word, sizeof word, 0) > 0;
}

/// By another way to the same memory.
[[nodiscard]] bool can_reopen_and_map(int handle)
{
    const std::string path = "/proc/self/fd/" + std::to_string(handle);
    const int other = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    const bool can = other >= 0 && can_map_writable(other);
    if (other >= 0)
        ::close(other);
    return can;
}

/// What can still be done to a segment that the host has sealed; empty: nothing, as it must be.
[[nodiscard]] std::string holes_in(int handle, const rt::os::Mapping& mapping)
{
    std::string found;
    const auto note = [&found](bool succeeded, const char* what) {
        if (succeeded)
            found += std::string{" "} + what;
    };
    note(::ftruncate(handle, page) == 0, "shrink");
    note(::ftruncate(handle, off_t{1} << 30) == 0, "grow");
    note(can_punch(handle), "punch");
    note(can_map_writable(handle), "map-writable");
    note(can_reopen_and_map(handle), "reopen");
    note(can_write(handle), "write");
    note(::fcntl(handle, F_ADD_SEALS, F_SEAL_WRITE) == 0, "seal");
    note(::madvise(mapping.data(), page, MADV_REMOVE) == 0, "madv-remove");
    return found;
}

/// The host-owned segment can be read, and that is all, from the moment on that it arrives.
[[nodiscard]] std::string holes_in_host_segment(const PeerMemory& memory)
{
    std::string found = holes_in(memory.handles[0].get(), memory.host);
    if (::mprotect(memory.host.data(), page, PROT_READ | PROT_WRITE) == 0)
        found += " mprotect";
    return found;
}

void attack_sealed(const RawPeer& peer)
{
    const PeerMemory memory = peer.map();
    std::string found = holes_in_host_segment(memory);
    peer.send(wire::MappedT{});
    static_cast<void>(peer.receive());  // AddLane: the host has sealed
    const std::array<const rt::os::Mapping*, 3> mappings = {&memory.host, &memory.service,
                                                            &memory.bells};
    for (std::size_t index = 0; index < mappings.size(); ++index) {
        const std::string holes = holes_in(memory.handles[index].get(), *mappings[index]);
        if (!holes.empty())
            found += std::string{"; "} + segment_names[index] + ":" + holes;
    }
    if (!found.empty())
        return peer.fail("possible:" + found);
    peer.start_lane();
    peer.answer_blocks(memory, [](link::BlockHeader&) {});
}

}  // namespace

bool attack_memory(const RawPeer& peer, std::string_view name)
{
    constexpr std::string_view prefix = "memory-";
    if (!name.starts_with(prefix))
        return false;
    name.remove_prefix(prefix.size());
    peer.send(RawPeer::good_hello());
    if (name == "sealed") {
        attack_sealed(peer);
        return true;
    }
    const PeerMemory memory = peer.map();
    const std::size_t victim = name.ends_with("-bells") ? 2 : 1;
    const int handle = memory.handles[victim].get();
    bool has_struck = false;
    if (name.starts_with("shrink")) {
        has_struck = ::ftruncate(handle, page / 2) == 0;
    } else if (name.starts_with("grow")) {
        has_struck = ::ftruncate(handle, off_t{1} << 24) == 0;
    } else if (name.starts_with("seal")) {
        has_struck = ::fcntl(handle, F_ADD_SEALS, F_SEAL_SEAL) == 0;
    } else if (name.starts_with("punch")) {
        has_struck = can_punch(handle);
    }
    if (!has_struck) {
        peer.fail("the attack itself failed");
        return true;
    }
    peer.send(wire::MappedT{});
    static_cast<void>(peer.receive());
    peer.start_lane();
    peer.answer_blocks(memory, [](link::BlockHeader&) {});
}

}  // namespace outboard::test
