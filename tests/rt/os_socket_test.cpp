// SPDX-License-Identifier: MIT

#include "rt/os/clock.hpp"
#include "rt/os/poll.hpp"
#include "rt/os/socket.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace outboard::rt;

constexpr std::uint64_t limit_ns = 20'000'000'000;

struct PairFixture {
    PairFixture()
    {
        auto pair = os::socket_pair();
        REQUIRE(pair);
        here = std::move(pair->first);
        there = std::move(pair->second);
    }

    os::UniqueHandle here;
    os::UniqueHandle there;
};

/// A folder of our own for socket files, removed with all that is in it.
struct FolderFixture {
    FolderFixture()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "outboard-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        folder = pattern;
    }
    ~FolderFixture() { std::filesystem::remove_all(folder); }
    FolderFixture(const FolderFixture&) = delete;
    FolderFixture(FolderFixture&&) = delete;
    FolderFixture& operator=(const FolderFixture&) = delete;
    FolderFixture& operator=(FolderFixture&&) = delete;

    std::filesystem::path folder;
};

[[nodiscard]] std::vector<std::byte> message_of(std::size_t size_bytes)
{
    return std::vector<std::byte>(size_bytes, std::byte{42});
}

template <typename T>
[[nodiscard]] ErrorCode code_of(const Result<T>& result)
{
    REQUIRE_FALSE(result);
    return result.error().code;
}

[[nodiscard]] std::ptrdiff_t open_handle_count()
{
    using Iterator = std::filesystem::directory_iterator;
    return std::distance(Iterator{"/proc/self/fd"}, Iterator{});
}

[[nodiscard]] bool is_ready(int handle, std::uint64_t deadline_ns)
{
    os::PollEntry entry{.handle = handle};
    const auto ready_count = os::wait_readable({&entry, 1}, deadline_ns);
    REQUIRE(ready_count);
    CHECK(*ready_count == (entry.ready ? 1 : 0));
    return entry.ready;
}

/// Bypasses send_message(), as a broken peer would.
void send_handles_unchecked(int socket, std::size_t handle_count)
{
    const std::vector<int> handles(handle_count, STDERR_FILENO);
    std::vector<std::byte> control(CMSG_SPACE(handle_count * sizeof(int)));
    std::byte content{1};
    iovec part{&content, 1};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(handle_count * sizeof(int));
    std::memcpy(CMSG_DATA(rights), handles.data(), handle_count * sizeof(int));
    REQUIRE(::sendmsg(socket, &header, MSG_NOSIGNAL) == 1);
}

}  // namespace

TEST_SUITE("rt/os_socket")
{
    TEST_CASE_FIXTURE(PairFixture, "nothing sent is nothing received, without waiting")
    {
        CHECK(code_of(os::receive_message(there)) == ErrorCode::timed_out);
    }

    TEST_CASE_FIXTURE(PairFixture, "messages arrive whole and in order, up to the longest")
    {
        const std::array sizes{std::size_t{1}, std::size_t{1000}, os::message_bytes_max};
        for (const std::size_t size : sizes) {
            CAPTURE(size);
            REQUIRE(os::send_message(here, message_of(1)));
            REQUIRE(os::send_message(here, message_of(2)));
            CHECK(os::receive_message(there)->bytes.size() == 1);
            CHECK(os::receive_message(there)->bytes.size() == 2);
            REQUIRE(os::send_message(here, message_of(size)));
            const auto received = os::receive_message(there);
            REQUIRE(received);
            CHECK(received->bytes == message_of(size));
            CHECK(received->handles.empty());
        }
    }

    TEST_CASE_FIXTURE(PairFixture, "handles travel with their message and close on execve")
    {
        auto event = os::WakeEvent::create();
        REQUIRE(event);
        const std::array<int, os::message_handles_max> sent{event->handle(), event->handle(),
                                                            event->handle(), event->handle()};
        REQUIRE(os::send_message(here, message_of(1), sent));
        const auto received = os::receive_message(there);
        REQUIRE(received);
        REQUIRE(received->handles.size() == sent.size());
        CHECK_FALSE(is_ready(received->handles.back().get(), 0));
        event->signal();
        for (const os::UniqueHandle& handle : received->handles) {
            CHECK(is_ready(handle.get(), os::monotonic_ns() + limit_ns));
            CHECK((::fcntl(handle.get(), F_GETFD) & FD_CLOEXEC) != 0);
        }
    }

    TEST_CASE_FIXTURE(PairFixture, "empty and too long messages and too many handles are not sent")
    {
        CHECK(code_of(os::send_message(here, {})) == ErrorCode::invalid_argument);
        CHECK(code_of(os::send_message(here, message_of(os::message_bytes_max + 1))) ==
              ErrorCode::invalid_argument);
        const std::array<int, os::message_handles_max + 1> many{2, 2, 2, 2, 2};
        CHECK(code_of(os::send_message(here, message_of(1), many)) == ErrorCode::invalid_argument);
        CHECK(code_of(os::receive_message(there)) == ErrorCode::timed_out);
    }

    TEST_CASE_FIXTURE(PairFixture,
                      "a peer that sends too much is reported once, and its handles closed")
    {
        const auto handles_before = open_handle_count();
        SUBCASE("too long a message")
        {
            const int room = 1 << 20;
            REQUIRE(::setsockopt(here.get(), SOL_SOCKET, SO_SNDBUF, &room, sizeof room) == 0);
            const auto longer = message_of(os::message_bytes_max + 1);
            REQUIRE(::send(here.get(), longer.data(), longer.size(), MSG_NOSIGNAL) > 0);
        }
        SUBCASE("too many handles")
        {
            send_handles_unchecked(here.get(), os::message_handles_max + 1);
        }
        SUBCASE("as many handles as the system allows")
        {
            send_handles_unchecked(here.get(), 253);
        }
        CHECK(code_of(os::receive_message(there)) == ErrorCode::protocol);
        CHECK(open_handle_count() == handles_before);
        REQUIRE(os::send_message(here, message_of(3)));
        CHECK(os::receive_message(there)->bytes.size() == 3);
    }

    TEST_CASE_FIXTURE(PairFixture, "a full queue is reported, not waited for")
    {
        Result<void> sent;
        int sent_count = 0;
        constexpr int give_up_count = 1000;
        while (sent && sent_count < give_up_count) {
            sent = os::send_message(here, message_of(os::message_bytes_max));
            ++sent_count;
        }
        CHECK(code_of(sent) == ErrorCode::timed_out);
    }

    TEST_CASE_FIXTURE(PairFixture,
                      "a peer that has gone ends the connection, after its last message")
    {
        REQUIRE(os::send_message(there, message_of(5)));
        there.reset();
        CHECK(is_ready(here.get(), os::monotonic_ns() + limit_ns));
        CHECK(os::receive_message(here)->bytes.size() == 5);
        CHECK(code_of(os::receive_message(here)) == ErrorCode::disconnected);
        CHECK(code_of(os::send_message(here, message_of(1))) == ErrorCode::disconnected);
    }

    TEST_CASE_FIXTURE(PairFixture, "a peer that leaves without reading is disconnected too")
    {
        REQUIRE(os::send_message(here, message_of(5)));
        there.reset();
        CHECK(code_of(os::receive_message(here)) == ErrorCode::disconnected);
    }

    TEST_CASE_FIXTURE(FolderFixture, "a listener is found by its path, for this user only")
    {
        const std::string path = folder / "service";
        const auto listener = os::listen_at(path);
        REQUIRE(listener);
        CHECK(code_of(os::accept_from(*listener)) == ErrorCode::timed_out);
        struct stat status {};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0600);

        const auto client = os::connect_to(path);
        REQUIRE(client);
        const auto server = os::accept_from(*listener);
        REQUIRE(server);
        REQUIRE(os::send_message(*server, message_of(os::message_bytes_max)));
        CHECK(os::receive_message(*client)->bytes.size() == os::message_bytes_max);

        const auto peer = os::peer_credentials(*client);
        REQUIRE(peer);
        CHECK(peer->process_id == ::getpid());
        CHECK(peer->user_id == ::getuid());
    }

    TEST_CASE_FIXTURE(FolderFixture, "where nobody listens, nobody is found")
    {
        const std::string path = folder / "service";
        CHECK(code_of(os::connect_to(path)) == ErrorCode::not_found);
        REQUIRE(os::listen_at(path));  // closed at once: its file is stale
        CHECK(code_of(os::connect_to(path)) == ErrorCode::not_found);
        CHECK(code_of(os::listen_at(path)) == ErrorCode::already_exists);
    }

    TEST_CASE("a path that does not fit into an address is refused")
    {
        CHECK(code_of(os::listen_at("")) == ErrorCode::invalid_argument);
        CHECK(code_of(os::listen_at(std::string(200, 'x'))) == ErrorCode::invalid_argument);
        CHECK(code_of(os::connect_to(std::string(200, 'x'))) == ErrorCode::invalid_argument);
    }
}

TEST_SUITE("rt/os_poll")
{
    TEST_CASE("a wait for nothing ends at its deadline")
    {
        const std::uint64_t deadline_ns = os::monotonic_ns() + 2'000'000;
        CHECK(os::wait_readable({}, deadline_ns) == 0);
        CHECK(os::monotonic_ns() >= deadline_ns);
    }

    TEST_CASE("a wake event is readable from signal() to clear(), however often it was rung")
    {
        const auto event = os::WakeEvent::create();
        REQUIRE(event);
        CHECK_FALSE(is_ready(event->handle(), 0));
        event->signal();
        event->signal();
        CHECK(is_ready(event->handle(), os::monotonic_ns() + limit_ns));
        event->clear();
        CHECK_FALSE(is_ready(event->handle(), 0));
        event->clear();  // and clearing nothing does not block
    }

    TEST_CASE("a thread is woken by another, and entries without a handle are passed over")
    {
        const auto event = os::WakeEvent::create();
        REQUIRE(event);
        std::thread waker{[&] { event->signal(); }};
        std::array entries{os::PollEntry{}, os::PollEntry{.handle = event->handle()}};
        const auto ready_count = os::wait_readable(entries, os::monotonic_ns() + limit_ns);
        waker.join();
        CHECK(ready_count == 1);
        CHECK_FALSE(entries[0].ready);
        CHECK(entries[1].ready);
    }
}
