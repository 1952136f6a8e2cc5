// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The DSP state of a processor as bytes without pointers. A processor lists the memory that is
/// its state once, in prepare(); saving and restoring copy that list from end to end, so the two
/// cannot drift apart:
///
///     [ CheckpointHeader | parameter values (double) | region | region | ... ]
///
/// It is for the same build of the same processor in another process: layout follows the compiler.

#include <outboard/processor.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace outboard::builtin {

/// What a checkpoint must match before a byte of it is used.
struct CheckpointHeader {
    std::uint32_t magic;
    std::uint16_t version;
    std::uint16_t parameter_count;
    std::uint64_t kind;  ///< hash of the processor's name
    double sample_rate_hz;
    std::uint32_t input_channel_count;
    std::uint32_t output_channel_count;
    std::uint64_t size_bytes;  ///< of the whole checkpoint

    bool operator==(const CheckpointHeader&) const = default;
};
static_assert(std::is_trivially_copyable_v<CheckpointHeader>);
static_assert(sizeof(CheckpointHeader) == 40, "no padding: it is compared and copied whole");

/// The header of checkpoints of this processor, prepared like this. [rt]
[[nodiscard]] CheckpointHeader checkpoint_header(std::string_view processor_name,
                                                 const ob_prepare_info& info,
                                                 std::size_t parameter_count,
                                                 std::size_t size_bytes) noexcept;

/// The memory that is a processor's DSP state, in the order of the checkpoint. Holds addresses
/// within the processor, which therefore must not move.
class StateRegions {
public:
    void clear() noexcept { regions_.clear(); }

    template <typename T>
    void add(std::span<T> values)
    {
        static_assert(std::is_trivially_copyable_v<T>);
        regions_.push_back(std::as_writable_bytes(values));
    }

    template <typename T>
    void add(T& value)
    {
        add(std::span<T>{&value, 1});
    }

    [[nodiscard]] std::size_t size_bytes() const noexcept;
    /// @pre `out` has size_bytes(). [rt]
    void copy_to(std::span<std::byte> out) const noexcept;
    /// @pre `data` has size_bytes(). [rt]
    void copy_from(std::span<const std::byte> data) const noexcept;

private:
    std::vector<std::span<std::byte>> regions_;
};

}  // namespace outboard::builtin
