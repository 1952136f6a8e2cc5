// SPDX-License-Identifier: MIT

#include "sdk/src/host/late_blocks.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

using namespace outboard;
using host::LateBlocks;

namespace {

constexpr std::uint64_t posted_ns = 1'000;
constexpr std::uint64_t deadline_ns = 2'000;

struct Stamps {
    std::uint64_t posted_ns;
    std::uint64_t dsp_started_ns;
    std::uint64_t dsp_ended_ns;
};

[[nodiscard]] ob_cause cause_of(const Stamps& stamps)
{
    ob_incident block{};
    block.posted_ns = stamps.posted_ns;
    block.dsp_started_ns = stamps.dsp_started_ns;
    block.dsp_ended_ns = stamps.dsp_ended_ns;
    block.deadline_ns = deadline_ns;
    return host::late_cause(block);
}

[[nodiscard]] ob_incident late_block(std::uint64_t sequence)
{
    ob_incident block{};
    block.kind = OB_INCIDENT_LATE_BLOCK;
    block.sequence = sequence;
    block.posted_ns = posted_ns;
    block.deadline_ns = deadline_ns;
    return block;
}

[[nodiscard]] link::BlockHeader answer_to(std::uint64_t sequence, std::uint64_t dsp_started_ns,
                                          std::uint64_t dsp_ended_ns)
{
    link::BlockHeader header{};
    header.sequence = sequence;
    header.dsp_started_ns = dsp_started_ns;
    header.dsp_ended_ns = dsp_ended_ns;
    return header;
}

/// Late blocks 10, 11, ... and what was reported of them.
struct LateFixture {
    LateBlocks late;
    std::vector<ob_incident> reported;

    [[nodiscard]] auto report()
    {
        return [this](const ob_incident& block) { reported.push_back(block); };
    }
    void add(std::size_t count)
    {
        for (std::size_t index = 0; index < count; ++index)
            late.add(late_block(10 + next_++), report());
    }

private:
    std::uint64_t next_ = 0;
};

}  // namespace

TEST_SUITE("sdk/late_blocks")
{
    TEST_CASE("a block that was posted at its deadline or later is the host's")
    {
        CHECK(cause_of({deadline_ns, deadline_ns + 1, deadline_ns + 2}) == OB_CAUSE_HOST);
        CHECK(cause_of({deadline_ns + 1, 0, 0}) == OB_CAUSE_HOST);
    }

    TEST_CASE("where most of the time passed decides between processor and machine")
    {
        CHECK(cause_of({posted_ns, posted_ns + 10, deadline_ns + 500}) == OB_CAUSE_DSP);
        CHECK(cause_of({posted_ns, deadline_ns + 490, deadline_ns + 500}) == OB_CAUSE_WAKE);
    }

    TEST_CASE("an answer in time that the caller was not run to see is the machine's")
    {
        CHECK(cause_of({posted_ns, posted_ns + 10, deadline_ns - 1}) == OB_CAUSE_WAKE);
    }

    TEST_CASE("times that cannot be are no cause")
    {
        CHECK(cause_of({posted_ns, 0, 0}) == OB_CAUSE_UNKNOWN);
        CHECK(cause_of({posted_ns, posted_ns - 1, deadline_ns + 1}) == OB_CAUSE_UNKNOWN);
        CHECK(cause_of({posted_ns, deadline_ns + 2, deadline_ns + 1}) == OB_CAUSE_UNKNOWN);
    }

    TEST_CASE_FIXTURE(LateFixture, "nothing is reported before its cause is known")
    {
        add(3);
        late.answer(answer_to(9, posted_ns + 10, posted_ns + 20), report());
        CHECK(reported.empty());
    }

    TEST_CASE_FIXTURE(LateFixture, "an answer settles its block with its times, and those before")
    {
        add(3);
        late.answer(answer_to(11, posted_ns + 10, deadline_ns + 500), report());
        REQUIRE(reported.size() == 2);
        CHECK(reported[0].sequence == 10);
        CHECK(reported[0].cause == OB_CAUSE_DSP);
        CHECK(reported[0].dsp_ended_ns == 0);
        CHECK(reported[1].sequence == 11);
        CHECK(reported[1].cause == OB_CAUSE_DSP);
        CHECK(reported[1].dsp_started_ns == posted_ns + 10);
        CHECK(reported[1].dsp_ended_ns == deadline_ns + 500);

        late.settle_all(OB_CAUSE_KILL, report());
        REQUIRE(reported.size() == 3);
        CHECK(reported[2].sequence == 12);
        CHECK(reported[2].cause == OB_CAUSE_KILL);
    }

    TEST_CASE_FIXTURE(LateFixture, "the same answer settles nothing twice")
    {
        add(1);
        for (int turn = 0; turn < 2; ++turn)
            late.answer(answer_to(10, posted_ns + 10, deadline_ns + 500), report());
        late.settle_all(OB_CAUSE_KILL, report());
        CHECK(reported.size() == 1);
    }

    TEST_CASE_FIXTURE(LateFixture, "what another replica owes as well waits for its answers")
    {
        add(3);
        LateBlocks heir;
        late.move_to(
            heir, [](std::uint64_t sequence) { return sequence != 11; }, report());
        CHECK(reported.empty());
        late.settle_all(OB_CAUSE_KILL, report());
        REQUIRE(reported.size() == 1);
        CHECK(reported[0].sequence == 11);

        heir.answer(answer_to(10, deadline_ns + 490, deadline_ns + 500), report());
        heir.settle_all(OB_CAUSE_HUNG, report());
        REQUIRE(reported.size() == 3);
        CHECK(reported[1].sequence == 10);
        CHECK(reported[1].cause == OB_CAUSE_WAKE);
        CHECK(reported[2].sequence == 12);
        CHECK(reported[2].cause == OB_CAUSE_HUNG);
    }

    TEST_CASE_FIXTURE(LateFixture, "of too many the oldest is given up as unknown, none is lost")
    {
        add(LateBlocks::capacity);
        CHECK(reported.empty());
        add(2);
        REQUIRE(reported.size() == 2);
        CHECK(reported[0].sequence == 10);
        CHECK(reported[0].cause == OB_CAUSE_UNKNOWN);

        late.settle_all(OB_CAUSE_HUNG, report());
        REQUIRE(reported.size() == LateBlocks::capacity + 2);
        for (std::size_t index = 2; index < reported.size(); ++index) {
            CHECK(reported[index].sequence == 10 + index);
            CHECK(reported[index].cause == OB_CAUSE_HUNG);
        }
    }
}
