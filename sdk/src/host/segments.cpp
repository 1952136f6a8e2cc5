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

}  // namespace

rt::Result<Segments> Segments::create(const link::LinkShape& shape) noexcept
{
    if (!link::is_valid(shape))
        return rt::fail(rt::ErrorCode::invalid_argument, "the size of a link");
    Segments segments{link::LinkLayout{shape}};
    const link::LinkLayout& layout = segments.layout_;

    auto host_memory = rt::os::create_shared_memory("outboard-host", layout.host_bytes());
    auto service_memory = rt::os::create_shared_memory("outboard-service", layout.service_bytes());
    auto bells_memory = rt::os::create_shared_memory("outboard-bells", sizeof(link::BellsSegment));
    for (const auto* memory : {&host_memory, &service_memory, &bells_memory}) {
        if (!*memory)
            return tl::unexpected(memory->error());
    }
    auto host = rt::os::map_shared(*host_memory, layout.host_bytes(), rt::os::Access::read_write);
    auto bells =
        rt::os::map_shared(*bells_memory, sizeof(link::BellsSegment), rt::os::Access::read_write);
    if (!host)
        return tl::unexpected(host.error());
    if (!bells)
        return tl::unexpected(bells.error());
    if (const auto sealed = rt::os::seal(*host_memory); !sealed)
        return tl::unexpected(sealed.error());

    segments.host_memory_ = std::move(*host_memory);
    segments.service_memory_ = std::move(*service_memory);
    segments.bells_memory_ = std::move(*bells_memory);
    segments.host_ = std::move(*host);
    segments.bells_ = std::move(*bells);
    new (segments.host_.data())
        link::HostSegment{.header = make_header(layout, layout.host_bytes())};
    return segments;
}

std::array<int, 3> Segments::handles() const noexcept
{
    return {host_memory_.get(), service_memory_.get(), bells_memory_.get()};
}

rt::Result<void> Segments::seal_and_map() noexcept
{
    const std::size_t service_bytes = layout_.service_bytes();
    for (const auto& [memory, size_bytes] :
         {std::pair{&service_memory_, service_bytes},
          std::pair{&bells_memory_, sizeof(link::BellsSegment)}}) {
        if (!rt::os::seal(*memory))
            return rt::fail(rt::ErrorCode::protocol, "a shared segment was sealed by the service");
        const auto holds = rt::os::is_sealed(*memory, size_bytes);
        if (!holds)
            return tl::unexpected(holds.error());
        if (!*holds)
            return rt::fail(rt::ErrorCode::protocol, "a shared segment was resized by the service");
    }
    auto service = rt::os::map_shared(service_memory_, service_bytes, rt::os::Access::read_only);
    if (!service)
        return tl::unexpected(service.error());
    service_ = std::move(*service);
    is_locked_ = bells_.lock() && host_.lock() && service_.lock();
    host_memory_.reset();
    service_memory_.reset();
    bells_memory_.reset();
    return {};
}

link::HostLane Segments::lane(std::uint32_t lane) const noexcept
{
    return {layout_, lane, host_.data(), service_.data()};
}

std::atomic<std::uint64_t>& Segments::checkpoint_wanted(std::uint32_t lane) const noexcept
{
    auto* const words = host_.data() + layout_.host_lane_words_offset(lane);
    return reinterpret_cast<link::HostLaneWords*>(words)->checkpoint_wanted;
}

link::BellsSegment& Segments::bells() const noexcept
{
    return *reinterpret_cast<link::BellsSegment*>(bells_.data());
}

const link::ServiceSegment& Segments::service() const noexcept
{
    return *reinterpret_cast<const link::ServiceSegment*>(service_.data());
}

}  // namespace outboard::host
