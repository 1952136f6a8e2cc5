// SPDX-License-Identifier: MIT

#include "tests/integration/support/one_insert.hpp"

#include <algorithm>
#include <optional>
#include <thread>

namespace outboard::test {

namespace {

[[nodiscard]] Insert make_insert(const Caller& caller, const std::string& service,
                                 const Adjust& adjust)
{
    InsertConfig config;
    config.service = service.c_str();
    config.max_frame_count = block_frames;
    if (adjust)
        adjust(config);
    return Insert{caller, config};
}

}  // namespace

OneInsert::OneInsert(const std::string& service, const Adjust& adjust)
    : caller_(host_),
      insert_(make_insert(caller_, service, adjust))
{}

ob_status OneInsert::process()
{
    for (auto& channel : input_) {
        for (float& frame : channel) {
            noise_ = noise_ * 1664525u + 1013904223u;
            frame = static_cast<float>(noise_ >> 8) / static_cast<float>(1u << 24) - 0.5f;
        }
    }
    const std::array<const float*, 2> inputs{input_[0].data(), input_[1].data()};
    const std::array<float*, 2> outputs{output_[0].data(), output_[1].data()};
    caller_.cycle_begin(static_cast<std::uint64_t>(std::chrono::nanoseconds{budget_}.count()));
    last_status_ = insert_.process(inputs.data(), outputs.data(), block_frames);
    return last_status_;
}

bool OneInsert::process_until(const std::function<bool()>& done, std::chrono::milliseconds limit)
{
    const auto give_up = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < give_up) {
        process();
        if (done())
            return true;
        std::this_thread::sleep_for(std::chrono::microseconds{500});
    }
    return false;
}

bool OneInsert::process_until_wet()
{
    return process_until([this] { return last_status_ == OB_OK; });
}

bool OneInsert::is_output_input() const
{
    return input_ == output_;
}

std::vector<ob_incident> OneInsert::incidents() const
{
    std::vector<ob_incident> found;
    while (const auto incident = insert_.next_incident())
        found.push_back(*incident);
    return found;
}

Error failure_of(const std::string& service, const Adjust& adjust)
{
    try {
        const OneInsert insert{service, adjust};
    } catch (const Error& error) {
        return error;
    }
    return {OB_OK, "the insert was made"};
}

}  // namespace outboard::test
