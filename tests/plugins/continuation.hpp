// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// The stream of which one process makes the first part, and two the second: see
/// checkpoint_process_test.cpp and its helper, processor_probe.cpp.

#include "tests/plugins/processor_rig.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace outboard::test {

inline constexpr std::uint32_t continuation_block_frames = 64;
inline constexpr std::uint64_t continuation_first_frame = 12'352;  // 193 blocks
inline constexpr std::uint64_t continuation_end_frame =
    continuation_first_frame + std::uint64_t{1000} * continuation_block_frames;

/// The 1,000 blocks behind the checkpoint, with parameters that go on moving.
inline Audio run_continuation(ProcessorRig& rig)
{
    automate(rig, continuation_first_frame, continuation_end_frame);
    return rig.run(
        noise(2, continuation_end_frame - continuation_first_frame, continuation_first_frame),
        continuation_block_frames);
}

template <typename T>
void write_file(const std::filesystem::path& path, const std::vector<T>& values)
{
    std::ofstream file{path, std::ios::binary};
    file.write(reinterpret_cast<const char*>(values.data()),
               static_cast<std::streamsize>(values.size() * sizeof(T)));
    if (!file.flush())
        throw std::runtime_error("cannot write " + path.string());
}

template <typename T>
std::vector<T> read_file(const std::filesystem::path& path)
{
    std::vector<T> values(std::filesystem::file_size(path) / sizeof(T));
    std::ifstream file{path, std::ios::binary};
    file.read(reinterpret_cast<char*>(values.data()),
              static_cast<std::streamsize>(values.size() * sizeof(T)));
    if (!file)
        throw std::runtime_error("cannot read " + path.string());
    return values;
}

}  // namespace outboard::test
