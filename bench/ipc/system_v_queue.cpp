// SPDX-License-Identifier: MIT
//
// Two System V message queues with the system's limits. Removing one ends it for everybody, unlike
// shared memory, so they live until the channel ends.

#include "bench/ipc/channels.hpp"
#include "bench/ipc/system_call.hpp"

#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/stat.h>
#include <cstring>

namespace outboard::bench::ipc {

namespace {

constexpr long message_type = 1;

class Queue {
public:
    Queue() : id_(::msgget(IPC_PRIVATE, IPC_CREAT | S_IRUSR | S_IWUSR))
    {
        if (id_ < 0 && errno == ENOSPC)
            throw Refused{"there are as many queues as there may be (/proc/sys/kernel/msgmni)"};
        checked(id_, "msgget");
    }
    ~Queue() { ::msgctl(id_, IPC_RMID, nullptr); }
    Queue(const Queue&) = delete;
    Queue(Queue&&) = delete;
    Queue& operator=(const Queue&) = delete;
    Queue& operator=(Queue&&) = delete;

    [[nodiscard]] int id() const noexcept { return id_; }

private:
    int id_;
};

/// The kernel wants the type and the text of a message side by side: a copy more each way.
class QueueEnd final : public End {
public:
    QueueEnd(int out, int in, std::size_t message_bytes)
        : out_(out),
          in_(in),
          buffer_(sizeof(long) + message_bytes)
    {
        std::memcpy(buffer_.data(), &message_type, sizeof message_type);
    }

    void send(std::span<const std::byte> message) override
    {
        std::memcpy(&buffer_[sizeof(long)], message.data(), message.size());
        checked(uninterrupted([&] { return ::msgsnd(out_, buffer_.data(), message.size(), 0); }),
                "msgsnd");
    }

    void receive(std::span<std::byte> message) override
    {
        const ssize_t count =
            checked(uninterrupted([&] {
                        return ::msgrcv(in_, buffer_.data(), message.size(), message_type, 0);
                    }),
                    "msgrcv");
        if (static_cast<std::size_t>(count) != message.size())
            throw std::runtime_error{"a message of " + std::to_string(count) + " bytes came"};
        std::memcpy(message.data(), &buffer_[sizeof(long)], message.size());
    }

private:
    int out_;
    int in_;
    std::vector<std::byte> buffer_;
};

class QueueChannel final : public Channel {
public:
    explicit QueueChannel(const Setup& setup) : setup_(setup)
    {
        QueueEnd probe{to_far_.id(), to_far_.id(), setup.message_bytes};
        std::vector<std::byte> message(setup.message_bytes);
        try {
            if (!fits(setup.message_bytes))
                throw Refused{"a queue holds less than one message (/proc/sys/kernel/msgmnb)"};
            probe.send(message);
        } catch (const std::system_error& error) {
            if (error.code() != std::errc::invalid_argument)
                throw;
            throw Refused{"the message is larger than /proc/sys/kernel/msgmax"};
        }
        probe.receive(message);
    }

    [[nodiscard]] std::unique_ptr<End> end(Side side) override
    {
        const bool is_near = side == Side::near;
        return std::make_unique<QueueEnd>(is_near ? to_far_.id() : to_near_.id(),
                                          is_near ? to_near_.id() : to_far_.id(),
                                          setup_.message_bytes);
    }

private:
    /// Else the first message would wait for ever.
    [[nodiscard]] bool fits(std::size_t message_bytes) const
    {
        msqid_ds state{};
        checked(::msgctl(to_far_.id(), IPC_STAT, &state), "msgctl");
        return message_bytes <= state.msg_qbytes;
    }

    Setup setup_;
    Queue to_far_;
    Queue to_near_;
};

}  // namespace

std::unique_ptr<Channel> open_system_v_queue(const Setup& setup)
{
    return std::make_unique<QueueChannel>(setup);
}

}  // namespace outboard::bench::ipc
