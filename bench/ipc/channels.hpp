// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// How each mechanism is opened; each is defined in the file of its name.

#include "bench/ipc/mechanism.hpp"

namespace outboard::bench::ipc {

[[nodiscard]] std::unique_ptr<Channel> open_ring_bell(const Setup& setup);
[[nodiscard]] std::unique_ptr<Channel> open_ring_spin_bell(const Setup& setup);
[[nodiscard]] std::unique_ptr<Channel> open_ring_spin(const Setup& setup);
[[nodiscard]] std::unique_ptr<Channel> open_pipe(const Setup& setup);
[[nodiscard]] std::unique_ptr<Channel> open_fifo(const Setup& setup);
[[nodiscard]] std::unique_ptr<Channel> open_unix_stream(const Setup& setup);
[[nodiscard]] std::unique_ptr<Channel> open_unix_seqpacket(const Setup& setup);
[[nodiscard]] std::unique_ptr<Channel> open_tcp_loopback(const Setup& setup);
[[nodiscard]] std::unique_ptr<Channel> open_posix_queue(const Setup& setup);
[[nodiscard]] std::unique_ptr<Channel> open_system_v_queue(const Setup& setup);
[[nodiscard]] std::unique_ptr<Channel> open_signals(const Setup& setup);
[[nodiscard]] std::unique_ptr<Channel> open_semaphores(const Setup& setup);
[[nodiscard]] std::unique_ptr<Channel> open_eventfd(const Setup& setup);
[[nodiscard]] std::unique_ptr<Channel> open_mapped_file(const Setup& setup);
[[nodiscard]] std::unique_ptr<Channel> open_inotify(const Setup& setup);
[[nodiscard]] std::unique_ptr<Channel> open_grpc(const Setup& setup);

}  // namespace outboard::bench::ipc
