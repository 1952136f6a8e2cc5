// SPDX-License-Identifier: MIT
//
// Files, and inotify to tell that one was written. Equal events in a row are merged, so a count is
// written behind each message, to a file of its own; who has read writes another.
//
//     slots     pwrite (sender)      pread (receiver)
//     written   pwrite (sender)      watched and read by the receiver
//     read      pwrite (receiver)    watched and read by the sender, when the slots are full

#include "bench/ipc/channels.hpp"
#include "bench/ipc/scratch_folder.hpp"
#include "bench/ipc/shared_memory.hpp"
#include "bench/ipc/system_call.hpp"
#include "rt/os/handle.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>

namespace outboard::bench::ipc {

namespace {

[[nodiscard]] rt::os::UniqueHandle new_file(const std::string& path)
{
    return rt::os::UniqueHandle{checked(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR), "open")};
}

void write_at(int file, std::span<const std::byte> bytes, std::size_t offset)
{
    while (!bytes.empty()) {
        const ssize_t count = checked(uninterrupted([&] {
                                          return ::pwrite(file, bytes.data(), bytes.size(),
                                                          static_cast<off_t>(offset));
                                      }),
                                      "pwrite");
        bytes = bytes.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::size_t>(count);
    }
}

void read_at(int file, std::span<std::byte> bytes, std::size_t offset)
{
    while (!bytes.empty()) {
        const ssize_t count = checked(uninterrupted([&] {
                                          return ::pread(file, bytes.data(), bytes.size(),
                                                         static_cast<off_t>(offset));
                                      }),
                                      "pread");
        if (count == 0)
            throw std::runtime_error{"a file is shorter than what was written to it"};
        bytes = bytes.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::size_t>(count);
    }
}

/// A count in a file, and who is told when it was written.
class WatchedCount {
public:
    explicit WatchedCount(const std::string& path)
        : file_(new_file(path)),
          events_(checked(::inotify_init1(IN_CLOEXEC), "inotify_init1"))
    {
        store(0);
        if (::inotify_add_watch(events_.get(), path.c_str(), IN_MODIFY) < 0) {
            if (errno == ENOSPC) {
                throw Refused{
                    "there are as many watches as there may be "
                    "(/proc/sys/fs/inotify/max_user_watches)"};
            }
            throw_errno("inotify_add_watch");
        }
    }

    void store(std::uint64_t count) const
    {
        write_at(file_.get(), std::as_bytes(std::span{&count, 1}), 0);
    }

    [[nodiscard]] std::uint64_t load() const
    {
        std::uint64_t count = 0;
        read_at(file_.get(), std::as_writable_bytes(std::span{&count, 1}), 0);
        return count;
    }

    /// Until it is at least that. What is written after the look leaves an event behind.
    [[nodiscard]] std::uint64_t await(std::uint64_t least) const
    {
        for (;;) {
            const std::uint64_t count = load();
            if (count >= least)
                return count;
            alignas(inotify_event) std::array<std::byte, 4096> events{};
            checked(
                uninterrupted([&] { return ::read(events_.get(), events.data(), events.size()); }),
                "read");
        }
    }

private:
    rt::os::UniqueHandle file_;
    rt::os::UniqueHandle events_;
};

struct Direction {
    Direction(const ScratchFolder& folder, const std::string& name)
        : slots(new_file(folder.file(name))),
          written(folder.file(name + "-written")),
          read(folder.file(name + "-read"))
    {}

    rt::os::UniqueHandle slots;
    WatchedCount written;
    WatchedCount read;
};

class FileEnd final : public End {
public:
    FileEnd(const Direction& out, const Direction& in, std::size_t message_bytes) noexcept
        : out_(out),
          in_(in),
          slot_count_(slot_count_for(message_bytes)),
          message_bytes_(message_bytes)
    {}

    void send(std::span<const std::byte> message) override
    {
        if (sent_ - read_seen_ == slot_count_)
            read_seen_ = out_.read.await(sent_ - slot_count_ + 1);
        write_at(out_.slots.get(), message, sent_ % slot_count_ * message_bytes_);
        out_.written.store(++sent_);
    }

    void receive(std::span<std::byte> message) override
    {
        if (written_seen_ == received_)
            written_seen_ = in_.written.await(received_ + 1);
        read_at(in_.slots.get(), message, received_ % slot_count_ * message_bytes_);
        in_.read.store(++received_);
    }

private:
    const Direction& out_;
    const Direction& in_;
    std::size_t slot_count_;
    std::size_t message_bytes_;
    std::uint64_t sent_ = 0;
    std::uint64_t read_seen_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t written_seen_ = 0;
};

class FileChannel final : public Channel {
public:
    /// @param folder  for the names: files and watches outlive it
    FileChannel(const Setup& setup, const ScratchFolder& folder)
        : setup_(setup),
          to_far_(folder, "to-far"),
          to_near_(folder, "to-near")
    {}

    [[nodiscard]] std::unique_ptr<End> end(Side side) override
    {
        return side == Side::near
                   ? std::make_unique<FileEnd>(to_far_, to_near_, setup_.message_bytes)
                   : std::make_unique<FileEnd>(to_near_, to_far_, setup_.message_bytes);
    }

private:
    Setup setup_;
    Direction to_far_;
    Direction to_near_;
};

}  // namespace

std::unique_ptr<Channel> open_inotify(const Setup& setup)
{
    return std::make_unique<FileChannel>(setup, ScratchFolder{});
}

}  // namespace outboard::bench::ipc
