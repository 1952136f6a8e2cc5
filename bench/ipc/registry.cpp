// SPDX-License-Identifier: MIT

#include "bench/ipc/channels.hpp"

namespace outboard::bench::ipc {

namespace {

#if defined(OB_BENCH_HAS_GRPC)
constexpr OpenChannel grpc_or_none = open_grpc;
#else
constexpr OpenChannel grpc_or_none = nullptr;
#endif

}  // namespace

const std::vector<Mechanism>& mechanisms()
{
    static const std::vector<Mechanism> all{
        {base_name, "futex, by the library's bell", open_ring_bell},
        {again_name, "futex, by the library's bell", open_ring_bell},
        {"ring-spin-bell", "spin of up to 20 us, then the bell", open_ring_spin_bell},
        {"ring-spin", "spin", open_ring_spin},
        {"pipe", "read()", open_pipe},
        {"fifo", "read()", open_fifo},
        {"unix-stream", "read()", open_unix_stream},
        {"unix-seqpacket", "recv()", open_unix_seqpacket},
        {"tcp-loopback", "read(), TCP_NODELAY", open_tcp_loopback},
        {"posix-queue", "mq_receive()", open_posix_queue},
        {"system-v-queue", "msgrcv()", open_system_v_queue},
        {"signals", "sigtimedwait(), payload in shared memory", open_signals},
        {"semaphores", "sem_wait(), payload in shared memory", open_semaphores},
        {"eventfd", "read(), payload in shared memory", open_eventfd},
        {"mapped-file", "sched_yield() until a count in the file has changed", open_mapped_file},
        {"file-inotify", "read() of inotify events, payload by pwrite() and pread()", open_inotify},
        {"grpc", "Read() of a bidirectional stream over a UNIX socket", grpc_or_none,
         "built without gRPC (62 MB; Debian: libgrpc++-dev libprotobuf-dev "
         "protobuf-compiler-grpc)"},
    };
    return all;
}

}  // namespace outboard::bench::ipc
