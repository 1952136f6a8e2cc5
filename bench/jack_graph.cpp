// SPDX-License-Identifier: MIT

#include "bench/jack_graph.hpp"

#include "bench/chunked_ratio.hpp"
#include "bench/dsp_thread_probe.hpp"
#include "bench/paced_stream.hpp"
#include "rt/os/clock.hpp"
#include "rt/os/futex.hpp"
#include "rt/os/process.hpp"

#include <fcntl.h>
#include <jack/jack.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace outboard::bench {

namespace {

constexpr std::string_view clients_option = "--jack-clients";
constexpr std::size_t side_count = 2;  // stereo
constexpr float source_level = 0.25F;
constexpr std::uint64_t wait_limit_ns = 60'000'000'000;

struct CloseClient {
    void operator()(jack_client_t* client) const noexcept { ::jack_client_close(client); }
};
using ClientHandle = std::unique_ptr<jack_client_t, CloseClient>;

void keep_quiet(const char* /*message*/) {}

[[nodiscard]] std::string server_name()
{
    return "outboard-bench-" + std::to_string(rt::os::current_process_id());
}

[[nodiscard]] ClientHandle try_open(const std::string& name, const std::string& server)
{
    const auto options =
        static_cast<jack_options_t>(JackNoStartServer | JackUseExactName | JackServerName);
    return ClientHandle{::jack_client_open(name.c_str(), options, nullptr, server.c_str())};
}

[[nodiscard]] std::string port_name(std::size_t client, const char* direction, std::size_t side)
{
    return "pass-" + std::to_string(client) + ":" + direction + std::to_string(side);
}

/// A client with stereo ports. It stays where it is: JACK has its address.
class Node {
public:
    Node(const std::string& name, const std::string& server, bool has_inputs, bool has_outputs)
        : client_(try_open(name, server))
    {
        if (client_ == nullptr)
            throw std::runtime_error("JACK takes no client '" + name + "'");
        for (std::size_t side = 0; side < side_count; ++side) {
            if (has_inputs)
                inputs_[side] = add_port("in", side, JackPortIsInput);
            if (has_outputs)
                outputs_[side] = add_port("out", side, JackPortIsOutput);
        }
    }
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    ~Node() = default;

    void activate(JackProcessCallback callback, void* argument)
    {
        ::jack_set_process_callback(client_.get(), callback, argument);
        if (::jack_activate(client_.get()) != 0)
            throw std::runtime_error("JACK does not activate a client");
    }
    void pass_on(jack_nframes_t frame_count) const noexcept
    {
        for (std::size_t side = 0; side < side_count; ++side) {
            std::memcpy(buffer(outputs_[side], frame_count), buffer(inputs_[side], frame_count),
                        frame_count * sizeof(float));
        }
    }
    void play(jack_nframes_t frame_count) const noexcept
    {
        for (std::size_t side = 0; side < side_count; ++side)
            std::fill_n(buffer(outputs_[side], frame_count), frame_count, source_level);
    }
    /// Whether what the source has played has come through all.
    [[nodiscard]] bool hears(float level, jack_nframes_t frame_count) const noexcept
    {
        const float heard = buffer(inputs_[0], frame_count)[frame_count - 1];
        return heard > level - 0.01F && heard < level + 0.01F;
    }
    [[nodiscard]] jack_client_t* client() const noexcept { return client_.get(); }

private:
    [[nodiscard]] jack_port_t* add_port(const char* direction, std::size_t side,
                                        unsigned long flags)
    {
        const std::string name = direction + std::to_string(side);
        jack_port_t* const port =
            ::jack_port_register(client_.get(), name.c_str(), JACK_DEFAULT_AUDIO_TYPE, flags, 0);
        if (port == nullptr)
            throw std::runtime_error("JACK has no more ports");
        return port;
    }
    [[nodiscard]] static float* buffer(jack_port_t* port, jack_nframes_t frame_count) noexcept
    {
        return static_cast<float*>(::jack_port_get_buffer(port, frame_count));
    }

    ClientHandle client_;
    std::array<jack_port_t*, side_count> inputs_{};
    std::array<jack_port_t*, side_count> outputs_{};
};

/// A child process that is gone when this is.
class Child {
public:
    Child(const std::string& executable, std::vector<std::string> arguments)
    {
        // JACK says a lot when clients come and go.
        const rt::os::UniqueHandle nowhere{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
        auto child = rt::os::spawn({.executable = executable,
                                    .arguments = std::move(arguments),
                                    .environment = {"JACK_NO_AUDIO_RESERVATION=1"},
                                    .error_output_handle = nowhere.get()});
        if (!child)
            throw std::runtime_error("cannot start " + executable);
        child_ = std::move(*child);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child()
    {
        // In order: a server that is killed leaves its shared memory behind.
        static_cast<void>(rt::os::send_signal(child_.handle, SIGTERM));
        constexpr std::uint64_t limit_ns = 30'000'000'000;
        if (!rt::os::reap(child_.handle, rt::os::monotonic_ns() + limit_ns)) {
            static_cast<void>(rt::os::send_signal(child_.handle, SIGKILL));
            static_cast<void>(rt::os::reap(child_.handle, rt::os::no_deadline_ns));
        }
    }
    [[nodiscard]] bool has_ended() const noexcept
    {
        return rt::os::exit_status(child_.handle).kind != rt::os::ExitKind::unknown;
    }
    [[nodiscard]] std::uint64_t cpu_ns() const { return process_cpu_ns(child_.process_id); }

private:
    rt::os::ChildProcess child_;
};

template <typename Ready>
void wait_for(const Child& child, const char* what, Ready&& ready)
{
    const std::uint64_t limit_ns = rt::os::monotonic_ns() + wait_limit_ns;
    while (!ready()) {
        if (child.has_ended() || rt::os::monotonic_ns() > limit_ns)
            throw std::runtime_error(std::string{"JACK: "} + what);
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
}

[[nodiscard]] std::vector<std::string> server_arguments(int priority)
{
    // By a shell, which keeps its standard output to itself as well.
    std::vector<std::string> arguments{"-c",         R"(exec jackd "$@" >/dev/null)",
                                       "jackd",      "--silent",
                                       "--name",     server_name(),
                                       "--port-max", "2048"};
    if (priority > 0) {
        arguments.insert(arguments.end(),
                         {"--realtime", "--realtime-priority", std::to_string(priority)});
    } else {
        arguments.emplace_back("--no-realtime");
    }
    arguments.insert(arguments.end(), {"-d", "dummy", "--rate", "48000", "--period",
                                       std::to_string(paced_frame_count)});
    return arguments;
}

/// What the two ends write, in JACK's threads.
struct Cycles {
    Cycles(std::size_t wanted_count, std::size_t client_count)
        : level(source_level * static_cast<float>(client_count)),
          times_ns(wanted_count)
    {}

    const Node* source = nullptr;
    const Node* sink = nullptr;
    float level;                   ///< of what the sink gets from all clients together
    std::uint64_t started_ns = 0;  ///< written and read in the order of the graph
    std::size_t warm_up_count = 200;
    Samples times_ns;
    std::atomic<std::size_t> count{0};
    std::atomic<std::uint64_t> xrun_count{0};
};

int play(jack_nframes_t frame_count, void* argument)
{
    auto& cycles = *static_cast<Cycles*>(argument);
    cycles.started_ns = rt::os::monotonic_ns();
    cycles.source->play(frame_count);
    return 0;
}

int listen(jack_nframes_t frame_count, void* argument)
{
    auto& cycles = *static_cast<Cycles*>(argument);
    const std::uint64_t now_ns = rt::os::monotonic_ns();
    const std::size_t count = cycles.count.load(std::memory_order_relaxed);
    if (count == cycles.times_ns.size() || !cycles.sink->hears(cycles.level, frame_count))
        return 0;
    if (cycles.warm_up_count != 0) {
        --cycles.warm_up_count;
        return 0;
    }
    cycles.times_ns[count] = now_ns - cycles.started_ns;
    // release, pairs with the acquire in measure_jack(): the time is there.
    cycles.count.store(count + 1, std::memory_order_release);
    return 0;
}

int pass_on(jack_nframes_t frame_count, void* argument)
{
    static_cast<const Node*>(argument)->pass_on(frame_count);
    return 0;
}

int note_xrun(void* argument)
{
    static_cast<Cycles*>(argument)->xrun_count.fetch_add(1, std::memory_order_relaxed);
    return 0;
}

void connect(jack_client_t* client, const std::string& from, const std::string& to)
{
    if (::jack_connect(client, from.c_str(), to.c_str()) != 0)
        throw std::runtime_error("JACK does not connect " + from + " to " + to);
}

void connect_all(jack_client_t* client, std::size_t client_count)
{
    for (std::size_t index = 0; index < client_count; ++index) {
        for (std::size_t side = 0; side < side_count; ++side) {
            const std::string number = std::to_string(side);
            connect(client, "source:out" + number, port_name(index, "in", side));
            connect(client, port_name(index, "out", side), "sink:in" + number);
        }
    }
}

/// CPU time of the server and the clients, as cycles go by.
struct Use {
    std::size_t count;
    std::uint64_t cpu_ns;
};

}  // namespace

JackCosts measure_jack(std::size_t client_count, std::size_t cycle_count, int priority)
{
    ::jack_set_error_function(keep_quiet);
    ::jack_set_info_function(keep_quiet);
    const std::string name = server_name();
    const Child server{"/bin/sh", server_arguments(priority)};
    wait_for(server, "the server does not start (Debian: jackd2)",
             [&] { return try_open("probe", name) != nullptr; });
    const Child clients{"/proc/self/exe",
                        {std::string{clients_option}, std::to_string(client_count), name}};

    Cycles cycles{cycle_count, client_count};
    Node source{"source", name, false, true};
    Node sink{"sink", name, true, false};
    cycles.source = &source;
    cycles.sink = &sink;
    ::jack_set_xrun_callback(sink.client(), note_xrun, &cycles);
    const std::string last = port_name(client_count - 1, "out", side_count - 1);
    wait_for(clients, "it takes no more clients",
             [&] { return ::jack_port_by_name(source.client(), last.c_str()) != nullptr; });
    source.activate(play, &cycles);
    sink.activate(listen, &cycles);
    connect_all(source.client(), client_count);

    const auto use = [&]() -> Use {
        // acquire, pairs with the release in listen().
        return {cycles.count.load(std::memory_order_acquire), server.cpu_ns() + clients.cpu_ns()};
    };
    wait_for(clients, "nothing comes back", [&] { return use().count != 0; });
    const Use before = use();
    const std::uint64_t xruns_before = cycles.xrun_count.load(std::memory_order_relaxed);
    wait_for(clients, "the clients have stopped", [&] { return use().count == cycle_count; });
    const Use after = use();
    ::jack_deactivate(sink.client());
    ::jack_deactivate(source.client());
    return {.p50_ns = quantile_of(cycles.times_ns, 0.5),
            .p99_ns = quantile_of(cycles.times_ns, 0.99),
            .max_ns = quantile_of(cycles.times_ns, 1.0),
            .times_ns = cycles.times_ns,
            .cpu_ns = static_cast<double>(after.cpu_ns - before.cpu_ns) /
                      static_cast<double>(std::max<std::size_t>(after.count - before.count, 1)),
            .cycle_count = cycle_count,
            .xrun_count = cycles.xrun_count.load(std::memory_order_relaxed) - xruns_before};
}

std::optional<int> run_as_jack_clients(int argc, char** argv)
{
    if (argc != 4 || argv[1] != clients_option)
        return std::nullopt;
    sigset_t ending;
    ::sigemptyset(&ending);
    ::sigaddset(&ending, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &ending, nullptr);  // before JACK has threads
    try {
        const std::size_t count = std::stoul(argv[2]);
        std::vector<std::unique_ptr<Node>> nodes;
        for (std::size_t index = 0; index < count; ++index) {
            nodes.push_back(
                std::make_unique<Node>("pass-" + std::to_string(index), argv[3], true, true));
            nodes.back()->activate(pass_on, nodes.back().get());
        }
        // A client that is killed leaves its semaphore behind.
        int signal_number = 0;
        while (::sigwait(&ending, &signal_number) != 0) {
        }
        return EXIT_SUCCESS;
    } catch (const std::exception&) {
        return EXIT_FAILURE;  // the parent says that JACK takes no more
    }
}

}  // namespace outboard::bench
