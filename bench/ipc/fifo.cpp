// SPDX-License-Identifier: MIT
//
// Two named pipes. Their names go as soon as both ends are open.

#include "bench/ipc/channels.hpp"
#include "bench/ipc/scratch_folder.hpp"
#include "bench/ipc/stream_end.hpp"
#include "bench/ipc/system_call.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace outboard::bench::ipc {

namespace {

[[nodiscard]] StreamChannel::Direction new_fifo(const std::string& path)
{
    checked(::mkfifo(path.c_str(), S_IRUSR | S_IWUSR), "mkfifo");
    // Opening one end waits for the other; only the reading one may be had without.
    StreamChannel::Direction fifo;
    fifo.in.reset(checked(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC), "open"));
    fifo.out.reset(checked(::open(path.c_str(), O_WRONLY | O_CLOEXEC), "open"));
    checked(::fcntl(fifo.in.get(), F_SETFL, 0), "fcntl");
    return fifo;
}

}  // namespace

std::unique_ptr<Channel> open_fifo(const Setup& /*setup*/)
{
    const ScratchFolder folder;
    auto to_far = new_fifo(folder.file("to-far"));
    return std::make_unique<StreamChannel>(std::move(to_far), new_fifo(folder.file("to-near")));
}

}  // namespace outboard::bench::ipc
