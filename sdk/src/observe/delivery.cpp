// SPDX-License-Identifier: MIT

#include "sdk/src/observe/delivery.hpp"

#include "rt/os/socket.hpp"

namespace outboard::observe {

bool Delivery::advance(std::uint64_t now_ns)
{
    for (; sent_count_ < messages_->size(); ++sent_count_) {
        const auto sent = rt::os::send_message(socket_, (*messages_)[sent_count_]);
        if (sent)
            continue;
        const bool is_full = sent.error().code == rt::ErrorCode::timed_out;
        return !is_full || now_ns >= give_up_ns_;
    }
    return true;
}

}  // namespace outboard::observe
