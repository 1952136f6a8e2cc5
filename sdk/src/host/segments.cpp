// SPDX-License-Identifier: MIT

#include "sdk/src/host/segments.hpp"

#include "sdk/src/link/control_channel.hpp"

#include <new>
#include <utility>

namespace outboard::host {

namespace {

[[nodiscard]] link::SegmentHeader make_header(const link::LinkLayout& layout,
                                              std::size_t size_bytes) noexcept
{
    return {.magic = link::segment_magic,
            .protocol_version = link::protocol_version_max,
            .size_bytes = size_bytes,
            .shape = layout.shape()};
}

/// Takes from the service what it has mapped, but for writing to it.
[[nodiscard]] rt::Result<void> seal_for_service(const rt::os::UniqueHandle& memory,
                                                std::size_t size_bytes) noexcept
{
    if (!rt::os::seal(memory))
        return rt::fail(rt::ErrorCode::protocol, "a shared segment was sealed by the service");
    const auto holds = rt::os::is_sealed(memory, size_bytes);
    if (!holds)
        return tl::unexpected(holds.error());
    if (!*holds)
        return rt::fail(rt::ErrorCode::protocol, "a shared segment was resized by the service");
    return {};
}

}  // namespace

rt::Result<Segments> Segments::create(const link::LinkShape& shape) noexcept
{
    if (!link::is_valid(shape))
        return rt::fail(rt::ErrorCode::invalid_argument, "the size of a link");
    Segments segments{link::LinkLayout{shape}};
    const link::LinkLayout& layout = segments.layout_;

    auto host_memory = rt::os::create_shared_memory("outboard-host", layout.host_bytes());
    if (!host_memory)
        return tl::unexpected(host_memory.error());
    auto service_memory = rt::os::create_shared_memory("outboard-service", layout.service_bytes());
    if (!service_memory)
        return tl::unexpected(service_memory.error());
    auto host = rt::os::map_shared(*host_memory, layout.host_bytes(), rt::os::Access::read_write);
    if (!host)
        return tl::unexpected(host.error());
    if (const auto sealed = rt::os::seal(*host_memory); !sealed)
        return tl::unexpected(sealed.error());

    segments.host_memory_ = std::move(*host_memory);
    segments.service_memory_ = std::move(*service_memory);
    segments.host_ = std::move(*host);
    new (segments.host_.data())
        link::HostSegment{.header = make_header(layout, layout.host_bytes())};
    return segments;
}

std::array<int, 2> Segments::handles() const noexcept
{
    return {host_memory_.get(), service_memory_.get()};
}

rt::Result<void> Segments::seal_and_map() noexcept
{
    const std::size_t service_bytes = layout_.service_bytes();
    if (const auto is_sealed = seal_for_service(service_memory_, service_bytes); !is_sealed)
        return is_sealed;
    auto service = rt::os::map_shared(service_memory_, service_bytes, rt::os::Access::read_only);
    if (!service)
        return tl::unexpected(service.error());
    service_ = std::move(*service);
    is_locked_ = host_.lock() && service_.lock();
    host_memory_.reset();
    service_memory_.reset();
    return {};
}

link::HostLane Segments::lane(std::uint32_t lane) const noexcept
{
    return {layout_, lane, host_.data(), service_.data()};
}

link::HostLaneWords& Segments::host_words(std::uint32_t lane) const noexcept
{
    auto* const words = host_.data() + layout_.host_lane_words_offset(lane);
    return *reinterpret_cast<link::HostLaneWords*>(words);
}

std::atomic<std::uint64_t>& Segments::checkpoint_wanted(std::uint32_t lane) const noexcept
{
    return host_words(lane).checkpoint_wanted;
}

void Segments::clear_lane(std::uint32_t lane) const noexcept
{
    link::HostLaneWords& words = host_words(lane);
    // relaxed: AddLane, a message, comes before anybody looks at them again.
    words.input_write_count.store(0, std::memory_order_relaxed);
    words.output_read_count.store(0, std::memory_order_relaxed);
    words.checkpoint_wanted.store(0, std::memory_order_relaxed);
}

const link::ServiceSegment& Segments::service() const noexcept
{
    return *reinterpret_cast<const link::ServiceSegment*>(service_.data());
}

rt::Result<Bells> Bells::create() noexcept
{
    constexpr std::size_t size_bytes = sizeof(link::BellsSegment);
    Bells bells;
    auto memory = rt::os::create_shared_memory("outboard-bells", size_bytes);
    if (!memory)
        return tl::unexpected(memory.error());
    auto mapping = rt::os::map_shared(*memory, size_bytes, rt::os::Access::read_write);
    if (!mapping)
        return tl::unexpected(mapping.error());
    bells.memory_ = std::move(*memory);
    bells.mapping_ = std::move(*mapping);
    return bells;
}

rt::Result<void> Bells::seal() noexcept
{
    if (const auto is_sealed = seal_for_service(memory_, sizeof(link::BellsSegment)); !is_sealed)
        return is_sealed;
    is_locked_ = mapping_.lock();
    memory_.reset();
    return {};
}

link::BellsSegment& Bells::words() const noexcept
{
    return *reinterpret_cast<link::BellsSegment*>(mapping_.data());
}

}  // namespace outboard::host
