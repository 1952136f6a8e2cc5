// SPDX-License-Identifier: MIT
//
// What happens when services cannot be replaced, or only later: the call ends, the status says why,
// and the stream recovers by itself.

#include "tests/integration/support/streaming_rig.hpp"
#include "tests/integration/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using namespace outboard::test;
using outboard::Insert;
using outboard::InsertConfig;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t frames_per_second = 48'000;

/// A copy of the test service that can be taken away, replaced and put back.
class ReplaceableService {
public:
    ReplaceableService() { restore(); }

    [[nodiscard]] const char* path() const noexcept { return path_.c_str(); }

    void remove() const { fs::remove(path_); }
    void restore() const
    {
        const fs::path copy = folder_.path() / "new";
        fs::copy_file(test_service(), copy);
        fs::rename(copy, path_);
    }
    /// From now on it notes when it was started, and exits.
    void replace_by_failure() const
    {
        const fs::path copy = folder_.path() / "new";
        std::ofstream{copy} << "#!/bin/sh\ndate +%s%N >> '" << starts_.string() << "'\nexit 3\n";
        fs::permissions(copy, fs::perms::owner_all);
        fs::rename(copy, path_);
    }
    /// When replace_by_failure() was started, in ns.
    [[nodiscard]] std::vector<std::int64_t> starts_ns() const
    {
        std::vector<std::int64_t> starts;
        std::ifstream file{starts_};
        for (std::int64_t start = 0; file >> start;)
            starts.push_back(start);
        return starts;
    }

private:
    TemporaryFolder folder_;
    fs::path path_ = folder_.path() / "service";
    fs::path starts_ = folder_.path() / "starts";
};

void wait_for_generation(const Insert& insert, std::uint32_t generation)
{
    for (int look = 0; look < 1000 && insert.status().generation < generation; ++look)
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    REQUIRE(insert.status().generation >= generation);
}

}  // namespace

TEST_SUITE("integration/recovery")
{
    TEST_CASE("offline, a call gives up when no service comes back, and the next ones recover")
    {
        const ReplaceableService service;
        StreamingRig rig{{48'000.0, 1, 64}};
        InsertConfig config = rig.config_for("identity");
        config.service = service.path();
        config.pace = OB_PACE_FREE;
        config.give_up_ns = 100'000'000;
        const Insert& insert = rig.add(config);
        rig.run(640, every_block(64));
        service.remove();
        REQUIRE(ob_insert_inject_fault(insert.get(), OB_FAULT_KILL, 0) == OB_OK);
        const bool gave_up = rig.run_until(
            [&] { return rig.blocks().back().status == OB_ERR_GAVE_UP; }, 100 * frames_per_second);
        REQUIRE(gave_up);
        CHECK(insert.statistics().failovers == 1);
        CHECK(std::isfinite(rig.output()[0].back()));
        CHECK(rig.push(64) == OB_ERR_GAVE_UP);

        service.restore();
        CHECK(
            rig.run_until([&] { return rig.blocks().back().status == OB_OK; }, frames_per_second));
    }

    TEST_CASE("a service that dies again and again is retried with growing pauses, and recovers")
    {
        const ReplaceableService service;
        StreamingRig rig{{48'000.0, 1, 64}};
        InsertConfig config = rig.config_for("identity");
        config.service = service.path();
        const Insert& insert = rig.add(config);
        rig.set_real_time(true);
        rig.run(640, every_block(64));
        service.replace_by_failure();
        REQUIRE(ob_insert_inject_fault(insert.get(), OB_FAULT_KILL, 0) == OB_OK);
        REQUIRE(
            rig.run_until([&] { return service.starts_ns().size() >= 6; }, 20 * frames_per_second));

        const auto status = insert.status();
        CHECK(status.state == OB_INSERT_BROKEN);
        CHECK(status.service_process_id == -1);
        CHECK(std::string{status.message}.find("exited with code 3") != std::string::npos);
        // The first three starts follow at once; then the pauses double from 100 ms on.
        const auto starts = service.starts_ns();
        CHECK(starts[3] - starts[2] >= 80'000'000);
        CHECK(starts[4] - starts[3] >= 160'000'000);
        CHECK(starts[5] - starts[4] >= 320'000'000);

        service.restore();
        CHECK(rig.run_until(
            [&] {
                return insert.status().state == OB_INSERT_WET &&
                       rig.blocks().back().status == OB_OK;
            },
            20 * frames_per_second));
        CHECK(std::string{insert.status().message}.empty());
        CHECK(insert.status().generation == 2);
    }

    TEST_CASE("offline, a service that is replaced between two blocks goes on where it was needed")
    {
        // The dead one owes answers to units that its successor has never seen.
        StreamingRig rig{{48'000.0, 1, 64}};
        InsertConfig config = rig.config_for("identity");
        config.pace = OB_PACE_FREE;
        config.mode = OB_MODE_PIPELINED;
        config.latency_blocks = 4;
        config.flags |= OB_INSERT_FAULT_HOOK;
        const Insert& insert = rig.add(config);
        rig.run(640, every_block(64));
        std::this_thread::sleep_for(std::chrono::milliseconds{50});  // all are answered
        REQUIRE(ob_insert_inject_fault(insert.get(), OB_FAULT_LATE, 10'000) == OB_OK);
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
        REQUIRE(rig.push(64) == OB_OK);
        REQUIRE(ob_insert_inject_fault(insert.get(), OB_FAULT_KILL, 0) == OB_OK);
        wait_for_generation(insert, 2);
        rig.run(6400, every_block(64));
        CHECK(insert.statistics().failovers >= 1);  // on a slow machine it counts as hung before
        CHECK(insert.statistics().frames_lost == 0);
        CHECK(first_frame_unlike_input(rig.output(), rig.latency_frames()) == std::nullopt);
    }

    TEST_CASE("a pause of the host is no hang of the service")
    {
        StreamingRig rig{{48'000.0, 1, 64}};
        const Insert& insert = rig.add(rig.config_for("identity"));
        rig.run(640, every_block(64));
        std::this_thread::sleep_for(std::chrono::milliseconds{500});
        rig.run(640, every_block(64));
        CHECK(insert.statistics().failovers == 0);
        CHECK(first_frame_unlike_input(rig.output(), 0) == std::nullopt);
    }
}
