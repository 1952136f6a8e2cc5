// SPDX-License-Identifier: MIT
#include "sdk/cli/device_report.hpp"

#include "sdk/cli/duration.hpp"
#include "sdk/cli/summary.hpp"

#include <fmt/format.h>

namespace outboard::cli {

namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text)
{
    return text.empty() ? Json(nullptr) : Json(text);
}

/// From the input's converter, through the services, to the output's.
std::uint64_t total_latency_frames(const RunResult& result)
{
    return result.device_account->latency.input_frames + result.latency_frames +
           result.device_account->latency.output_frames;
}

std::string name_of(const DeviceAccount& account)
{
    if (account.input.empty())
        return account.output;
    if (account.output.empty() || account.output == account.input)
        return account.input;
    return account.input + " to " + account.output;
}

}  // namespace

Json device_account_json(const RunResult& result)
{
    if (!result.device_account)
        return nullptr;
    const DeviceAccount& account = *result.device_account;
    Json json{{"input", text_or_null(account.input)},
              {"output", text_or_null(account.output)},
              {"input_latency_frames", account.latency.input_frames},
              {"output_latency_frames", account.latency.output_frames},
              {"total_latency_frames", total_latency_frames(result)},
              {"losses", account.loss_count},
              {"away", account.is_away},
              {"problem", text_or_null(account.problem)},
              {"gaps", Json::array()}};
    for (const DeviceGap& gap : result.device_gaps) {
        json["gaps"].push_back({{"frame", gap.stream_frame},
                                {"lost_frames", gap.lost_frames},
                                {"ms", to_seconds(gap.lost_frames, result.format.rate_hz) * 1000}});
    }
    return json;
}

std::string device_text(const RunResult& result)
{
    if (!result.device_account)
        return "";
    const DeviceAccount& account = *result.device_account;
    const auto ms = [&](std::uint64_t frames) {
        return short_time(to_seconds(frames, result.format.rate_hz) * 1e9);
    };
    std::string text = fmt::format("{}; latency {} in, {} services, {} out: {} frames, {}\n",
                                   name_of(account), account.latency.input_frames,
                                   result.latency_frames, account.latency.output_frames,
                                   total_latency_frames(result), ms(total_latency_frames(result)));
    if (account.loss_count == 0)
        return text;
    text += fmt::format("the device was lost {} times", account.loss_count);
    for (const DeviceGap& gap : result.device_gaps)
        text += fmt::format(", back after {}", ms(gap.lost_frames));
    if (account.is_away)
        text += fmt::format(", and not back: {}", account.problem);
    return text + '\n';
}

}  // namespace outboard::cli
