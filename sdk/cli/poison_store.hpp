// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Poison blocks of a run as sound files: what the author of a processor needs to see it die.

#include <outboard/host.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace outboard::cli {

class PoisonStore {
public:
    /// Makes the folder if need be. An empty path: nothing is kept.
    /// @throws Failure (output)
    PoisonStore(const std::string& folder, std::uint32_t rate_hz);

    /// Writes the block's input, 32-bit float, to poison-LABEL-SEQUENCE.wav; says so when it
    /// cannot.
    /// @return the file; nothing when none is kept
    std::optional<std::string> save(const std::string& label, const ob_poison_block& block);
    /// Whether a file could not be written.
    [[nodiscard]] bool has_failed() const noexcept { return has_failed_; }

private:
    std::filesystem::path folder_;
    std::uint32_t rate_hz_;
    bool has_failed_ = false;
};

}  // namespace outboard::cli
