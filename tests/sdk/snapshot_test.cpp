// SPDX-License-Identifier: MIT

#include "sdk/src/observe/snapshot.hpp"
#include "rt/os/clock.hpp"
#include "rt/os/socket.hpp"
#include "sdk/src/observe/messages.hpp"
#include "sdk/src/registry/host_sockets.hpp"
#include "tests/sdk/observed_state.hpp"
#include "tests/sdk/runtime_directory.hpp"

#include <outboard/observe.hpp>

#include <doctest/doctest.h>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace outboard;

namespace {

using Messages = std::vector<observe::Bytes>;

constexpr std::uint64_t ns_per_ms = 1'000'000;

/// Sends what it is told to whoever connects first, and hangs up or stays silent.
class MadeHost {
public:
    enum class Ending { hang_up, stay };

    explicit MadeHost(Messages messages, Ending ending = Ending::hang_up)
        : socket_(registry::claim_host_socket())
    {
        REQUIRE(socket_);
        thread_ = std::thread{
            [this, ending, messages = std::move(messages)] { serve(messages, ending); }};
    }
    MadeHost(const MadeHost&) = delete;
    MadeHost(MadeHost&&) = delete;
    MadeHost& operator=(const MadeHost&) = delete;
    MadeHost& operator=(MadeHost&&) = delete;
    ~MadeHost() { thread_.join(); }

    [[nodiscard]] rt::Result<observe::Snapshot> ask(std::uint64_t limit_ms = 5000) const
    {
        return observe::read_snapshot(socket_->socket_path(),
                                      rt::os::monotonic_ns() + limit_ms * ns_per_ms);
    }
    [[nodiscard]] const std::string& path() const { return socket_->socket_path(); }

private:
    void serve(const Messages& messages, Ending ending)
    {
        std::optional<rt::os::UniqueHandle> peer;
        while (!peer) {
            if (auto accepted = rt::os::accept_from(socket_->listener()))
                peer = *std::move(accepted);
            rt::os::sleep_until_ns(rt::os::monotonic_ns() + ns_per_ms);
        }
        for (const observe::Bytes& message : messages) {
            if (!rt::os::send_message(*peer, message))
                return;
        }
        // Until the other side has gone.
        while (ending == Ending::stay &&
               rt::os::receive_message(*peer).error().code != rt::ErrorCode::disconnected)
            rt::os::sleep_until_ns(rt::os::monotonic_ns() + ns_per_ms);
    }

    rt::Result<registry::Registration> socket_;
    std::thread thread_;
};

observe::Bytes bytes_of(const std::string& text)
{
    const auto* const first = reinterpret_cast<const std::byte*>(text.data());
    return {first, first + text.size()};
}

observe::Bytes end(std::uint32_t insert_count)
{
    return observe::encode(observe::EndOfState{insert_count});
}

observe::Bytes host(std::uint32_t insert_count)
{
    return observe::encode(test::made_host(insert_count));
}

observe::Bytes insert(std::uint32_t number)
{
    return observe::encode(test::made_insert(number));
}

}  // namespace

TEST_SUITE("sdk/snapshot")
{
    TEST_CASE("a host without inserts is a host")
    {
        const test::RuntimeDirectory runtime;
        const MadeHost made{{host(0), end(0)}};
        const auto snapshot = made.ask();
        REQUIRE(snapshot);
        CHECK(test::is_same(snapshot->host, test::made_host(0)));
        CHECK(snapshot->inserts.empty());
    }

    TEST_CASE("many inserts come in many messages, and are given by number")
    {
        const test::RuntimeDirectory runtime;
        const MadeHost made{{host(3), insert(2), insert(9), insert(1), end(3)}};
        const auto snapshot = made.ask();
        REQUIRE(snapshot);
        REQUIRE(snapshot->inserts.size() == 3);
        CHECK(test::is_same(snapshot->inserts[0], test::made_insert(1)));
        CHECK(test::is_same(snapshot->inserts[1], test::made_insert(2)));
        CHECK(test::is_same(snapshot->inserts[2], test::made_insert(9)));
    }

    TEST_CASE("an answer that breaks the order is none")
    {
        const test::RuntimeDirectory runtime;
        const std::vector<std::pair<const char*, Messages>> answers{
            {"insert before host", {insert(1), host(1), end(1)}},
            {"end before host", {end(0), host(0)}},
            {"two hosts", {host(0), host(0), end(0)}},
            {"more inserts than told", {host(1), insert(1), insert(2), end(2)}},
            {"fewer inserts than told", {host(2), insert(1), end(2)}},
            {"another count at the end", {host(1), insert(1), end(3)}},
            {"more inserts than any host has", {host(4'000'000'000), end(0)}},
            {"no message", {bytes_of("HTTP/1.1 200 OK\r\n\r\n")}},
            {"one byte", {bytes_of("x")}},
            {"no message in the middle", {host(2), insert(1), Messages::value_type(999), end(2)}},
        };
        for (const auto& [what, messages] : answers) {
            CAPTURE(what);
            const MadeHost made{messages};
            const auto snapshot = made.ask();
            REQUIRE(!snapshot);
            CHECK(snapshot.error().code == rt::ErrorCode::protocol);
        }
    }

    TEST_CASE("a host that ends before its answer does has ended")
    {
        const test::RuntimeDirectory runtime;
        for (const Messages& messages : {Messages{}, Messages{host(2), insert(1)}}) {
            const MadeHost made{messages};
            const auto snapshot = made.ask();
            REQUIRE(!snapshot);
            CHECK(snapshot.error().code == rt::ErrorCode::not_found);
        }
    }

    TEST_CASE("a host that stays silent is waited for so long, and no longer")
    {
        const test::RuntimeDirectory runtime;
        for (const Messages& messages : {Messages{}, Messages{host(2), insert(1)}}) {
            const MadeHost made{messages, MadeHost::Ending::stay};
            const auto snapshot = made.ask(30);
            REQUIRE(!snapshot);
            CHECK(snapshot.error().code == rt::ErrorCode::timed_out);
        }
    }

    TEST_CASE("a backlog that is full is waited for, and no longer than told")
    {
        const test::RuntimeDirectory runtime;
        const auto socket = registry::claim_host_socket();
        REQUIRE(socket);
        std::vector<rt::os::UniqueHandle> waiting;
        for (;;) {
            auto one = rt::os::connect_to(socket->socket_path());
            if (!one)
                break;
            waiting.push_back(*std::move(one));
        }
        CHECK(waiting.size() > 1);
        const auto snapshot =
            observe::read_snapshot(socket->socket_path(), rt::os::monotonic_ns() + 20 * ns_per_ms);
        REQUIRE(!snapshot);
        CHECK(snapshot.error().code == rt::ErrorCode::timed_out);
    }

    TEST_CASE("the C ABI says what failed, and gives nothing then")
    {
        const test::RuntimeDirectory runtime;
        ob_snapshot* snapshot = nullptr;
        CHECK(ob_snapshot_take(nullptr, 0, &snapshot) == OB_ERR_INVALID_ARGUMENT);
        CHECK(ob_snapshot_take("/nowhere/at/all.sock", 0, nullptr) == OB_ERR_INVALID_ARGUMENT);
        CHECK(ob_snapshot_take("/nowhere/at/all.sock", 0, &snapshot) == OB_ERR_NOT_FOUND);
        CHECK(std::string{ob_last_error_message()}.find("/nowhere/at/all.sock") !=
              std::string::npos);
        CHECK(ob_snapshot_take(std::string(500, 'x').c_str(), 0, &snapshot) ==
              OB_ERR_INVALID_ARGUMENT);
        {
            const MadeHost made{{bytes_of("?")}};
            CHECK(ob_snapshot_take(made.path().c_str(), 0, &snapshot) == OB_ERR_PROTOCOL);
        }
        {
            const MadeHost made{{}, MadeHost::Ending::stay};
            CHECK(ob_snapshot_take(made.path().c_str(), ns_per_ms, &snapshot) == OB_ERR_TIMED_OUT);
        }
        CHECK(snapshot == nullptr);
        ob_snapshot_free(snapshot);
    }

    TEST_CASE("the C ABI gives what was told, and nothing beyond")
    {
        const test::RuntimeDirectory runtime;
        const MadeHost made{{host(1), insert(4), end(1)}};
        ob_snapshot* snapshot = nullptr;
        REQUIRE(ob_snapshot_take(made.path().c_str(), UINT64_MAX, &snapshot) == OB_OK);
        CHECK(test::is_same(*ob_snapshot_host(snapshot), test::made_host(1)));
        REQUIRE(ob_snapshot_insert(snapshot, 0) != nullptr);
        CHECK(test::is_same(*ob_snapshot_insert(snapshot, 0), test::made_insert(4)));
        CHECK(ob_snapshot_insert(snapshot, 1) == nullptr);
        CHECK(ob_snapshot_insert(snapshot, UINT32_MAX) == nullptr);
        ob_snapshot_free(snapshot);
    }
}
