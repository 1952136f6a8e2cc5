// SPDX-License-Identifier: MIT

#include "sdk/src/observe/messages.hpp"

#include "observe_generated.h"
#include "tests/integration/support/seed.hpp"
#include "tests/sdk/observed_state.hpp"

#include <doctest/doctest.h>
#include <flatbuffers/flatbuffers.h>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <variant>

using namespace outboard;

namespace {

template <typename Message>
Message decoded(const observe::Bytes& bytes)
{
    const auto message = observe::decode(bytes);
    REQUIRE(message);
    REQUIRE(std::holds_alternative<Message>(*message));
    return std::get<Message>(*message);
}

bool is_refused(std::span<const std::byte> bytes)
{
    const auto message = observe::decode(bytes);
    return !message && message.error().code == rt::ErrorCode::protocol;
}

observe::Bytes finished(flatbuffers::FlatBufferBuilder& builder, observe::Body type,
                        flatbuffers::Offset<void> body)
{
    observe::FinishEnvelopeBuffer(builder, observe::CreateEnvelope(builder, type, body));
    const auto* const first = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
    return {first, first + builder.GetSize()};
}

}  // namespace

TEST_SUITE("sdk/observe_messages")
{
    TEST_CASE("every figure of a host arrives in its place")
    {
        const ob_observed_host host = test::made_host(7);
        CHECK(test::is_same(decoded<ob_observed_host>(observe::encode(host)), host));
    }

    TEST_CASE("every figure of an insert arrives in its place")
    {
        const ob_observed_insert insert = test::made_insert(3);
        CHECK(test::is_same(decoded<ob_observed_insert>(observe::encode(insert)), insert));
    }

    TEST_CASE("the end says how many inserts there were")
    {
        const auto end = decoded<observe::EndOfState>(observe::encode(observe::EndOfState{12}));
        CHECK(end.insert_count == 12);
    }

    TEST_CASE("text that is longer than its field is cut, and ends")
    {
        flatbuffers::FlatBufferBuilder builder;
        const auto name = builder.CreateString(std::string(5000, 'x'));
        observe::HostStateBuilder table{builder};
        table.add_name(name);
        const auto host = decoded<ob_observed_host>(
            finished(builder, observe::Body::HostState, table.Finish().Union()));
        CHECK(std::string{host.name} == std::string(sizeof host.name - 1, 'x'));
        CHECK(std::string{host.library_version}.empty());
    }

    TEST_CASE("values of a newer host that nobody here knows become the most careful one")
    {
        flatbuffers::FlatBufferBuilder builder;
        observe::StatusBuilder status_table{builder};
        status_table.add_state(-1);
        status_table.add_guarantee(99);
        const auto status = status_table.Finish();
        const auto statistics = observe::CreateStatistics(builder);
        const auto forecast = observe::CreateForecast(builder, std::numeric_limits<int>::max());
        const auto histograms =
            builder.CreateVectorOfStructs(std::vector<observe::HistogramSummary>(9));
        observe::InsertStateBuilder table{builder};
        table.add_mode(42);
        table.add_status(status);
        table.add_statistics(statistics);
        table.add_forecast(forecast);
        table.add_histograms(histograms);
        const auto insert = decoded<ob_observed_insert>(
            finished(builder, observe::Body::InsertState, table.Finish().Union()));
        CHECK(insert.status.guarantee == OB_GUARANTEE_NONE);
        CHECK(insert.forecast.guarantee == OB_GUARANTEE_NONE);
        CHECK(insert.status.state == OB_INSERT_FALLBACK);
        CHECK(insert.mode == OB_MODE_SYNC);
        CHECK(insert.status.dsp_thread.cpu == -1);
    }

    TEST_CASE("an insert without its parts, and a message of no kind, are refused")
    {
        flatbuffers::FlatBufferBuilder builder;
        const auto start = builder.StartTable();
        const auto empty = flatbuffers::Offset<void>{builder.EndTable(start)};
        CHECK(is_refused(finished(builder, observe::Body::InsertState, empty)));
        flatbuffers::FlatBufferBuilder second;
        CHECK(is_refused(finished(second, observe::Body::NONE, 0)));
    }

    TEST_CASE("bytes that are no message of ours are refused")
    {
        CHECK(is_refused({}));
        auto random = test::seeded_generator();
        for (int round = 0; round < 2000; ++round) {
            observe::Bytes bytes(random() % 400);
            for (std::byte& byte : bytes)
                byte = static_cast<std::byte>(random());
            CHECK(is_refused(bytes));
        }
    }

    TEST_CASE("a message with changed bytes, or cut, is refused or is one, and nothing else")
    {
        auto random = test::seeded_generator();
        const observe::Bytes good = observe::encode(test::made_insert(1));
        std::size_t refused_count = 0;
        for (int round = 0; round < 5000; ++round) {
            observe::Bytes bytes = good;
            for (std::size_t change = 0; change <= random() % 4; ++change)
                bytes[random() % bytes.size()] = static_cast<std::byte>(random());
            if (random() % 4 == 0)
                bytes.resize(random() % bytes.size());
            const auto message = observe::decode(bytes);
            refused_count += message ? 0 : 1;
            if (!message)
                CHECK(message.error().code == rt::ErrorCode::protocol);
        }
        CHECK(refused_count > 0);
    }
}
