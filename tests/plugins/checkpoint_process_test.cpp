// SPDX-License-Identifier: MIT
//
// A checkpoint is for another process: so it is taken to one, which goes on from there.

#include "tests/plugins/continuation.hpp"
#include "tests/plugins/processor_rig.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>

using outboard::test::automate;
using outboard::test::computing_processors;
using outboard::test::noise;
using outboard::test::ProcessorRig;

namespace {

/// A directory that is gone afterwards.
class ScratchDirectory {
public:
    ScratchDirectory()
        : path_(std::filesystem::temp_directory_path() /
                ("outboard-test-" + std::to_string(std::random_device{}())))
    {
        std::filesystem::create_directory(path_);
    }
    ~ScratchDirectory() { std::filesystem::remove_all(path_); }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory(ScratchDirectory&&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(ScratchDirectory&&) = delete;

    [[nodiscard]] std::filesystem::path file(const char* name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

}  // namespace

TEST_SUITE("plugins/checkpoint_process")
{
    TEST_CASE("restored in a second process, the next 1,000 blocks are the same bit for bit")
    {
        const ScratchDirectory scratch;
        const auto checkpoint_path = scratch.file("checkpoint");
        const auto output_path = scratch.file("output");
        for (const auto* const kind : computing_processors()) {
            CAPTURE(kind->name);
            ProcessorRig rig{*kind};
            automate(rig, 0, outboard::test::continuation_first_frame);
            static_cast<void>(rig.run(noise(2, outboard::test::continuation_first_frame)));
            outboard::test::write_file(checkpoint_path, rig.checkpoint());
            const auto uninterrupted = outboard::test::run_continuation(rig);

            const std::string command = std::string{OB_PROCESSOR_PROBE} + " continue " +
                                        kind->name + " " + checkpoint_path.string() + " " +
                                        output_path.string();
            // NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe): our own program, one thread
            REQUIRE(std::system(command.c_str()) == 0);
            const auto restored = outboard::test::read_file<float>(output_path);

            const std::size_t frame_count = uninterrupted[0].size();
            REQUIRE(restored.size() == 2 * frame_count);
            for (std::size_t channel = 0; channel < 2; ++channel) {
                CHECK(std::memcmp(uninterrupted[channel].data(),
                                  restored.data() + channel * frame_count,
                                  frame_count * sizeof(float)) == 0);
            }
        }
    }
}
