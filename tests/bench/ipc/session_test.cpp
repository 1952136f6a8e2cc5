// SPDX-License-Identifier: MIT
//
// Mechanisms that lose, double, tear or keep messages, or die: each is noticed for what it is.

#include "bench/ipc/session.hpp"

#include "bench/ipc/mechanism.hpp"
#include "bench/ipc/message.hpp"
#include "rt/os/scheduling.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>
#include <string>
#include <utility>

using namespace outboard;
using namespace outboard::bench;
using namespace outboard::bench::ipc;

namespace {

constexpr std::uint64_t limit_ns = 20'000'000'000;
constexpr std::size_t message_bytes = 1024;
constexpr std::uint64_t bad_message = 5;

enum class Fault : std::uint8_t { none, loses, doubles, tears_stamp, tears_pattern, keeps, dies };

/// The pipe, but for what is done to one of the messages that it sends.
template <Fault fault>
class FaultyEnd final : public End {
public:
    explicit FaultyEnd(std::unique_ptr<End> end) : end_(std::move(end)) {}

    void send(std::span<const std::byte> message) override
    {
        if (++sent_ != bad_message) {
            end_->send(message);
            return;
        }
        std::vector<std::byte> copy(message.begin(), message.end());
        switch (fault) {
            case Fault::none: end_->send(copy); return;
            case Fault::loses: return;
            case Fault::doubles:
                end_->send(copy);
                end_->send(copy);
                return;
            case Fault::tears_stamp:
                store_word(copy, 64, word_at(bad_message - 1, 64));
                end_->send(copy);
                return;
            case Fault::tears_pattern:
                store_word(copy, 65, 0);
                end_->send(copy);
                return;
            case Fault::keeps: ::pause(); return;
            case Fault::dies: ::kill(::getpid(), SIGKILL);
        }
    }

    void receive(std::span<std::byte> message) override { end_->receive(message); }

private:
    std::unique_ptr<End> end_;
    std::uint64_t sent_ = 0;
};

[[nodiscard]] OpenChannel pipe_opener()
{
    for (const Mechanism& mechanism : mechanisms()) {
        if (std::string{mechanism.name} == "pipe")
            return mechanism.open;
    }
    return nullptr;
}

/// @tparam faulty_side  whose messages are spoiled
template <Fault fault, Side faulty_side>
class FaultyChannel final : public Channel {
public:
    explicit FaultyChannel(const Setup& setup) : channel_(pipe_opener()(setup)) {}

    [[nodiscard]] std::unique_ptr<End> end(Side side) override
    {
        auto end = channel_->end(side);
        if (side == faulty_side)
            return std::make_unique<FaultyEnd<fault>>(std::move(end));
        return end;
    }

private:
    std::unique_ptr<Channel> channel_;
};

template <Fault fault, Side faulty_side>
[[nodiscard]] std::unique_ptr<Channel> open_faulty(const Setup& setup)
{
    return std::make_unique<FaultyChannel<fault, faulty_side>>(setup);
}

/// @return what the session says of the task; empty if it found nothing wrong
template <Fault fault, Side faulty_side>
[[nodiscard]] std::string complaint(const Task& task, std::uint64_t patience_ns = limit_ns)
{
    const Mechanism mechanism{"faulty", "read()", open_faulty<fault, faulty_side>};
    const auto cpus = rt::os::thread_cpus(0).value_or(std::vector<int>{0});
    const Placement placement{.near_cpu = cpus.front(), .far_cpu = cpus.back(), .priority = 0};
    Session session{mechanism, {.message_bytes = message_bytes}, placement};
    try {
        static_cast<void>(session.run(task, patience_ns));
        return "";
    } catch (const Failed& error) {
        return error.what();
    }
}

[[nodiscard]] bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

constexpr Task trips{TaskKind::round_trips, 20};
constexpr Task stream{TaskKind::one_way, 20};
constexpr Task trips_to_bad{TaskKind::round_trips, bad_message};
constexpr Task stream_to_bad{TaskKind::one_way, bad_message};

}  // namespace

TEST_SUITE("bench/ipc_session")
{
    TEST_CASE("a channel without a fault has no complaint")
    {
        CHECK(complaint<Fault::none, Side::near>(trips) == "");
        CHECK(complaint<Fault::none, Side::far>(trips) == "");
        CHECK(complaint<Fault::none, Side::near>(stream) == "");
    }

    TEST_CASE("a lost message is noticed by the next one")
    {
        CHECK(contains(complaint<Fault::loses, Side::near>(stream), "far side: message 5"));
    }

    TEST_CASE("a lost last message ends the wait")
    {
        const std::string text = complaint<Fault::loses, Side::near>(stream_to_bad, 200'000'000);
        CHECK(contains(text, "nothing came"));
    }

    TEST_CASE("a doubled message is noticed")
    {
        CHECK(contains(complaint<Fault::doubles, Side::near>(stream), "far side: message 6"));
        CHECK(contains(complaint<Fault::doubles, Side::far>(trips), "near side: message 6"));
    }

    TEST_CASE("a message with a line of another one is noticed, on either way")
    {
        CHECK(contains(complaint<Fault::tears_stamp, Side::near>(stream), "word 64"));
        CHECK(contains(complaint<Fault::tears_stamp, Side::near>(trips), "word 64"));
        CHECK(contains(complaint<Fault::tears_stamp, Side::far>(trips), "word 64"));
    }

    TEST_CASE("the last message of a chunk is compared word for word")
    {
        CHECK(contains(complaint<Fault::tears_pattern, Side::near>(stream_to_bad), "word 65"));
        CHECK(contains(complaint<Fault::tears_pattern, Side::far>(trips_to_bad), "word 65"));
    }

    TEST_CASE("a side that hangs costs its time limit, no more")
    {
        const std::string text = complaint<Fault::keeps, Side::far>(trips, 200'000'000);
        CHECK(contains(text, "nothing came"));
    }

    TEST_CASE("a side that dies is noticed")
    {
        const std::string text = complaint<Fault::dies, Side::far>(trips);
        CHECK(contains(text, "ended before its time"));
    }
}
