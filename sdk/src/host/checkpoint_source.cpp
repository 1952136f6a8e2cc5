// SPDX-License-Identifier: MIT

#include "sdk/src/host/checkpoint_source.hpp"

#include "rt/path/word_hash.hpp"

#include <cstring>
#include <utility>

namespace outboard::host {

rt::Result<CheckpointSource> CheckpointSource::create(std::uint64_t checkpoint_bytes)
{
    if (checkpoint_bytes == 0 || checkpoint_bytes > link::checkpoint_bytes_max)
        return rt::fail(rt::ErrorCode::protocol, "the size of a checkpoint");
    auto memory = rt::os::create_shared_memory(
        "outboard-checkpoint",
        link::checkpoint_area_bytes(static_cast<std::size_t>(checkpoint_bytes)));
    if (!memory)
        return tl::unexpected(memory.error());
    return CheckpointSource{std::move(*memory), checkpoint_bytes};
}

rt::Result<void> CheckpointSource::seal_and_map()
{
    if (const auto sealed = rt::os::seal(memory_); !sealed)
        return sealed;
    const auto holds = rt::os::is_sealed(memory_, area_bytes());
    if (!holds)
        return tl::unexpected(holds.error());
    if (!*holds)
        return rt::fail(rt::ErrorCode::protocol, "a checkpoint area was resized by the service");
    auto area = rt::os::map_shared(memory_, area_bytes(), rt::os::Access::read_only);
    if (!area)
        return tl::unexpected(area.error());
    area_ = std::move(*area);
    memory_.reset();
    return {};
}

void CheckpointSource::request(std::atomic<std::uint64_t>& wanted)
{
    ++requested_;
    // release (W), pairs with the acquire in the service's lane: we have done with the half that
    // this request lets it overwrite.
    wanted.store(requested_, std::memory_order_release);
}

rt::Result<std::optional<Checkpoint>> CheckpointSource::take()
{
    const auto& area = *reinterpret_cast<const link::CheckpointArea*>(area_.data());
    // acquire (D), pairs with the release in the service's lane: header and state are complete.
    if (requested_ == 0 || area.published.load(std::memory_order_acquire) != requested_)
        return std::optional<Checkpoint>{};

    link::CheckpointHeader header{};  // copied once, checked as a copy
    std::memcpy(&header, &area.headers[requested_ % 2], sizeof(header));
    if (header.size_bytes != checkpoint_bytes_)
        return rt::fail(rt::ErrorCode::protocol, "a checkpoint of another size than announced");
    Checkpoint checkpoint;
    checkpoint.sequence = header.sequence;
    const std::byte* const first =
        area_.data() + link::checkpoint_offset(requested_, checkpoint_bytes_);
    checkpoint.state.assign(first, first + checkpoint_bytes_);
    if (rt::word_hash(checkpoint.state, header.sequence) != header.hash)
        return rt::fail(rt::ErrorCode::protocol, "a checkpoint was garbled");
    return std::optional<Checkpoint>{std::move(checkpoint)};
}

rt::Result<rt::os::UniqueHandle> make_sealed_copy(const std::vector<std::byte>& bytes)
{
    auto memory = rt::os::create_shared_memory("outboard-restore", bytes.size());
    if (!memory)
        return memory;
    {
        const auto mapping = rt::os::map_shared(*memory, bytes.size(), rt::os::Access::read_write);
        if (!mapping)
            return tl::unexpected(mapping.error());
        std::memcpy(mapping->data(), bytes.data(), bytes.size());
    }
    if (const auto sealed = rt::os::seal(*memory); !sealed)
        return tl::unexpected(sealed.error());
    return memory;
}

}  // namespace outboard::host
