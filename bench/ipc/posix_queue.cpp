// SPDX-License-Identifier: MIT
//
// Two POSIX message queues, whose names go as soon as they are open. They hold ten messages, as
// the system has it by default, or fewer where the user's limit leaves no room for ten.

#include "bench/ipc/channels.hpp"
#include "bench/ipc/system_call.hpp"

#include <fcntl.h>
#include <mqueue.h>
#include <sys/stat.h>
#include <unistd.h>

namespace outboard::bench::ipc {

namespace {

class Queue {
public:
    explicit Queue(std::size_t message_bytes, const char* direction)
    {
        const std::string name =
            "/outboard-bench-ipc-" + std::to_string(::getpid()) + "-" + direction;
        for (const long message_count : {10L, 4L, 2L, 1L}) {
            mq_attr attributes{};
            attributes.mq_maxmsg = message_count;
            attributes.mq_msgsize = static_cast<long>(message_bytes);
            queue_ = ::mq_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
                               S_IRUSR | S_IWUSR, &attributes);
            if (queue_ >= 0 || errno != EMFILE)
                break;
        }
        if (queue_ < 0)
            refuse();
        ::mq_unlink(name.c_str());
    }
    ~Queue() { ::mq_close(queue_); }
    Queue(const Queue&) = delete;
    Queue(Queue&&) = delete;
    Queue& operator=(const Queue&) = delete;
    Queue& operator=(Queue&&) = delete;

    [[nodiscard]] mqd_t get() const noexcept { return queue_; }

private:
    [[noreturn]] static void refuse()
    {
        if (errno == EINVAL)
            throw Refused{"the message is larger than /proc/sys/fs/mqueue/msgsize_max"};
        if (errno == EMFILE)
            throw Refused{"queues may not be that large together (ulimit -q)"};
        if (errno == ENOSYS)
            throw Refused{"this kernel has no POSIX message queues"};
        throw_errno("mq_open");
    }

    mqd_t queue_ = -1;
};

class QueueEnd final : public End {
public:
    QueueEnd(mqd_t out, mqd_t in) noexcept : out_(out), in_(in) {}

    void send(std::span<const std::byte> message) override
    {
        checked(uninterrupted([&] {
                    return ::mq_send(out_, reinterpret_cast<const char*>(message.data()),
                                     message.size(), 0);
                }),
                "mq_send");
    }

    void receive(std::span<std::byte> message) override
    {
        const ssize_t count =
            checked(uninterrupted([&] {
                        return ::mq_receive(in_, reinterpret_cast<char*>(message.data()),
                                            message.size(), nullptr);
                    }),
                    "mq_receive");
        if (static_cast<std::size_t>(count) != message.size())
            throw std::runtime_error{"a message of " + std::to_string(count) + " bytes came"};
    }

private:
    mqd_t out_;
    mqd_t in_;
};

class QueueChannel final : public Channel {
public:
    explicit QueueChannel(const Setup& setup)
        : to_far_(setup.message_bytes, "to-far"),
          to_near_(setup.message_bytes, "to-near")
    {}

    [[nodiscard]] std::unique_ptr<End> end(Side side) override
    {
        return side == Side::near ? std::make_unique<QueueEnd>(to_far_.get(), to_near_.get())
                                  : std::make_unique<QueueEnd>(to_near_.get(), to_far_.get());
    }

private:
    Queue to_far_;
    Queue to_near_;
};

}  // namespace

std::unique_ptr<Channel> open_posix_queue(const Setup& setup)
{
    return std::make_unique<QueueChannel>(setup);
}

}  // namespace outboard::bench::ipc
