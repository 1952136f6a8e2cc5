// SPDX-License-Identifier: MIT

#include "sdk/src/service/lane_start.hpp"

#include "sdk/src/api/last_error.hpp"
#include "sdk/src/link/checkpoint_area.hpp"

#include <string>
#include <utility>

namespace outboard::service {
namespace {

using rt::os::Access;

[[nodiscard]] Outcome<void> check_sizes(const wire::StartLaneT& request,
                                        std::size_t checkpoint_bytes)
{
    const std::size_t area_bytes =
        checkpoint_bytes != 0 ? link::checkpoint_area_bytes(checkpoint_bytes) : 0;
    if (request.checkpoint_area_bytes != 0 && request.checkpoint_area_bytes != area_bytes) {
        return refuse(OB_ERR_PROTOCOL, "the checkpoint area of this lane has " +
                                           std::to_string(area_bytes) + " bytes, not " +
                                           std::to_string(request.checkpoint_area_bytes));
    }
    if (request.restore_bytes != 0 && request.restore_bytes != checkpoint_bytes) {
        return refuse(OB_ERR_PROTOCOL, "a checkpoint of this lane has " +
                                           std::to_string(checkpoint_bytes) + " bytes, not " +
                                           std::to_string(request.restore_bytes));
    }
    return {};
}

[[nodiscard]] Outcome<rt::os::Mapping> map(const rt::os::UniqueHandle& memory,
                                           std::uint64_t size_bytes, Access access)
{
    auto mapped = rt::os::map_shared(memory, size_bytes, access);
    if (!mapped)
        return refuse(api::status_of(mapped.error()), api::describe(mapped.error()));
    return *std::move(mapped);
}

}  // namespace

Outcome<LaneStartMemory> map_start_memory(const wire::StartLaneT& request,
                                          std::span<const rt::os::UniqueHandle> handles,
                                          std::size_t checkpoint_bytes)
{
    if (const auto sizes = check_sizes(request, checkpoint_bytes); !sizes)
        return tl::unexpected(sizes.error());
    const bool has_area = request.checkpoint_area_bytes != 0;
    const bool has_restore = request.restore_bytes != 0;
    if (handles.size() != std::size_t{has_area} + std::size_t{has_restore})
        return refuse(OB_ERR_PROTOCOL, "StartLane came with too few handles, or too many");

    LaneStartMemory memory;
    if (has_area) {
        auto area = map(handles.front(), request.checkpoint_area_bytes, Access::read_write);
        if (!area)
            return tl::unexpected(area.error());
        // Where all memory of the process could not be locked, these few pages may still be.
        static_cast<void>(area->lock());
        memory.checkpoint_area = *std::move(area);
    }
    if (has_restore) {
        auto restore = map(handles.back(), request.restore_bytes, Access::read_only);
        if (!restore)
            return tl::unexpected(restore.error());
        memory.restore = *std::move(restore);
    }
    return memory;
}

}  // namespace outboard::service
