// SPDX-License-Identifier: MIT

#include "sdk/src/service/lane_request.hpp"

#include "sdk/src/service/processor_catalog.hpp"

#include <algorithm>
#include <string>

namespace outboard::service {
namespace {

constexpr double sample_rate_hz_min = 1'000.0;
constexpr double sample_rate_hz_max = 1'000'000.0;

[[nodiscard]] ob_event_parameter event_of(const wire::ParameterValue& parameter) noexcept
{
    return {.header = {.size_bytes = sizeof(ob_event_parameter),
                       .offset_frames = 0,
                       .type = OB_EVENT_PARAMETER,
                       .flags = 0,
                       .reserved = 0},
            .parameter_id = parameter.id(),
            .reserved = 0,
            .value = parameter.value()};
}

}  // namespace

Outcome<ob_prepare_info> lane_format(const wire::AddLaneT& request, const link::LinkShape& shape,
                                     const ob_processor_class& kind)
{
    // Written so that NaN is out of range.
    if (!(request.sample_rate_hz >= sample_rate_hz_min &&
          request.sample_rate_hz <= sample_rate_hz_max))
        return refuse(OB_ERR_INVALID_ARGUMENT, "the sample rate is not in 1000..1000000 Hz");
    if (request.max_frame_count < 1 || request.max_frame_count > shape.frame_capacity)
        return refuse(OB_ERR_INVALID_ARGUMENT, "the largest block does not fit a slot");
    if (kind.fixed_frame_count > request.max_frame_count) {
        return refuse(OB_ERR_INVALID_ARGUMENT, std::string{kind.name} + ": it demands blocks of " +
                                                   std::to_string(kind.fixed_frame_count) +
                                                   " frames");
    }
    return ob_prepare_info{.sample_rate_hz = request.sample_rate_hz,
                           .max_frame_count = request.max_frame_count,
                           .input_channel_count = shape.input_channel_count,
                           .output_channel_count = shape.output_channel_count};
}

Outcome<std::vector<ob_event_parameter>> initial_parameters(const wire::AddLaneT& request,
                                                            const ob_processor_class& kind)
{
    const auto offered = parameters_of(kind);
    std::vector<ob_event_parameter> events;
    for (const wire::ParameterValue& parameter : request.parameters) {
        const auto info = std::find_if(
            offered.begin(), offered.end(),
            [&](const ob_parameter_info& candidate) { return candidate.id == parameter.id(); });
        const std::string which =
            std::string{kind.name} + ": parameter " + std::to_string(parameter.id());
        if (info == offered.end())
            return refuse(OB_ERR_NOT_FOUND, which + " does not exist");
        if (!(parameter.value() >= info->minimum && parameter.value() <= info->maximum))
            return refuse(OB_ERR_INVALID_ARGUMENT, which + " is out of range");
        events.push_back(event_of(parameter));
    }
    return events;
}

}  // namespace outboard::service
