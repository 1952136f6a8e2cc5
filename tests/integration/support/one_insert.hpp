// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// A host with one caller and one insert, which streams a signal of its own. Its budget for a block
/// is so generous that an answer which comes at all is in time: what is tested with it is what
/// happens, not how fast.

#include <outboard/host.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace outboard::test {

inline constexpr std::uint32_t block_frames = 64;

/// Changes a configuration before the insert is made.
using Adjust = std::function<void(InsertConfig&)>;

class OneInsert {
public:
    /// Throws outboard::Error when the insert cannot be made.
    explicit OneInsert(const std::string& service, const Adjust& adjust = {});

    /// What each block may wait from now on; at first 50 ms.
    void set_budget(std::chrono::microseconds budget) noexcept { budget_ = budget; }

    /// One block of noise.
    ob_status process();
    /// How the last block went.
    [[nodiscard]] ob_status last_status() const noexcept { return last_status_; }

    /// Blocks, with short sleeps between them, until `done` says so after one.
    /// @return whether it came to that within the limit
    [[nodiscard]] bool process_until(const std::function<bool()>& done,
                                     std::chrono::milliseconds limit = std::chrono::seconds{10});

    /// Blocks until one is answered. @return whether one was
    [[nodiscard]] bool process_until_wet();

    /// Whether the last block came out as it went in.
    [[nodiscard]] bool is_output_input() const;

    /// All incidents since the last call.
    [[nodiscard]] std::vector<ob_incident> incidents() const;

    [[nodiscard]] const Host& host() const noexcept { return host_; }
    [[nodiscard]] const Caller& caller() const noexcept { return caller_; }
    [[nodiscard]] const Insert& insert() const noexcept { return insert_; }

private:
    using Frames = std::array<float, block_frames>;

    Host host_;
    Caller caller_;
    Insert insert_;
    std::chrono::microseconds budget_ = std::chrono::milliseconds{50};
    ob_status last_status_ = OB_OK;
    std::uint32_t noise_ = 1;
    std::array<Frames, 2> input_{};
    std::array<Frames, 2> output_{};
};

/// Makes an insert that cannot be made. @return its error; status 0 when it could be made
[[nodiscard]] Error failure_of(const std::string& service, const Adjust& adjust = {});

}  // namespace outboard::test
