// SPDX-License-Identifier: MIT
#include "sdk/cli/run_options.hpp"

#include "sdk/cli/arguments.hpp"
#include "sdk/cli/duration.hpp"
#include "sdk/cli/failure.hpp"
#include "sdk/cli/service_label.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace outboard::cli {

namespace {

constexpr const char* examples = R"(
Examples:
  outboard run --in voice.wav --out wet.wav --service reverb --param reverb.mix=0.4
  outboard run --in a.wav --in b.wav --out wet.wav --service equaliser --service ./my-service
  outboard run --in voice.wav --out wet.wav --service reverb --fault kill@0.5s --page run.html
  outboard run --device portaudio:JACK --service reverb
  outboard run --in voice.wav --device rtaudio:Pulse --service reverb
  outboard run --in tone:1000:60s --service gain --mode pipelined --latency-blocks 2 --json

)";

/// Options whose text takes more than CLI11 to understand.
struct Texts {
    std::vector<std::string> parameters;
    std::vector<std::string> faults;
    std::string mode = "sync";
    std::string fallback = "dry";
    std::string standby = "none";
    std::string standby_placement = "auto";
    std::string pace = "realtime";
    std::string placement = "auto";
    std::string grouping = "none";
    std::string hang_limit;
    std::string deadline;
    std::string tail = "0s";
    bool unaligned = false;
    std::string device;
    std::string duration;
};

template <typename Enum, std::size_t count>
Enum choose(const std::array<std::pair<std::string_view, Enum>, count>& names,
            std::string_view name)
{
    for (const auto& [known, value] : names) {
        if (known == name)
            return value;
    }
    return names.front().second;  // not reached: CLI11 has checked the name
}

void add_signal_options(CLI::App& app, RunOptions& options, Texts& texts)
{
    const char* const group = "Signal";
    app.add_option("--in", options.inputs,
                   "A sound file, tone:HZ[:SECONDS] or device:ADDRESS. Given again: played behind")
        ->allow_extra_args(false)
        ->type_name("FILE")
        ->group(group);
    app.add_option("--out", options.output,
                   "The result: WAV, W64, FLAC, AIFF or OGG by its name; or device:ADDRESS")
        ->type_name("FILE")
        ->group(group);
    app.add_option("--device", texts.device,
                   "In place of --in, --out or both: BACKEND[:API[:NAME]], see `outboard devices`")
        ->type_name("ADDRESS")
        ->group(group);
    app.add_option("--duration", texts.duration,
                   "How long to stream from a device, e.g. 60s (default: until interrupted)")
        ->type_name("TIME")
        ->group(group);
    app.add_option("--dry", options.dry_output, "The input as it was streamed, to compare with")
        ->type_name("FILE")
        ->group(group);
    app.add_option("--service", options.services,
                   "A built-in processor, ./executable or @name. Given again: a chain")
        ->required()
        ->allow_extra_args(false)
        ->type_name("SERVICE")
        ->group(group);
    app.add_option("--param", texts.parameters,
                   "A parameter's value; SERVICE#2.KEY for the second of the same name")
        ->allow_extra_args(false)
        ->type_name("SERVICE.KEY=VALUE")
        ->group(group);
    app.add_option("--repeat", options.repeat_count, "Play the inputs this many times")
        ->check(CLI::Range(1, 1'000'000))
        ->type_name("N")
        ->group(group);
    app.add_option("--tail", texts.tail, "Go on after the input: auto (until it rings out) or 2s")
        ->type_name("TIME")
        ->group(group);
    app.add_flag("--no-align", texts.unaligned,
                 "Leave the latency in the output, instead of taking it out")
        ->group(group);
}

void add_stream_options(CLI::App& app, RunOptions& options, Texts& texts)
{
    const char* const group = "Stream";
    app.add_option("--block", options.block_frames, "Frames per block (default 64)")
        ->check(CLI::Range(1, 8192))
        ->type_name("FRAMES")
        ->group(group);
    app.add_option("--rate", options.rate_hz, "Sample rate (default: that of the first file)")
        ->check(CLI::Range(1000, 1'000'000))
        ->type_name("HZ")
        ->group(group);
    app.add_option("--channels", options.channel_count,
                   "Channels (default: those of the first file); mono goes to all of them")
        ->check(CLI::Range(1, 64))
        ->type_name("N")
        ->group(group);
    app.add_option("--mode", texts.mode,
                   "sync: no added latency; pipelined: latency instead of waiting")
        ->check(CLI::IsMember({"sync", "pipelined"}))
        ->group(group);
    app.add_option("--latency-blocks", options.latency_blocks,
                   "Latency in pipelined mode (default 1)")
        ->check(CLI::Range(1, 8))
        ->type_name("N")
        ->group(group);
    app.add_option("--pace", texts.pace, "realtime, or free: as fast as it goes, nothing concealed")
        ->check(CLI::IsMember({"realtime", "free"}))
        ->group(group);
    app.add_option("--deadline", texts.deadline,
                   "How long a block's answer may take, e.g. 300us (default: half a period)")
        ->type_name("TIME")
        ->group(group);
}

void add_failure_options(CLI::App& app, RunOptions& options, Texts& texts)
{
    const char* const group = "Failure";
    app.add_option("--standby", texts.standby, "Who takes over when a service fails")
        ->check(CLI::IsMember({"none", "hot", "warm"}))
        ->group(group);
    app.add_option("--standbys", options.standby_count, "hot: how many standbys (1 or 2)")
        ->check(CLI::Range(1, 2))
        ->type_name("N")
        ->group(group);
    app.add_option("--standby-placement", texts.standby_placement,
                   "hot: on the audio thread's CPU below the primary (trailing), or on another")
        ->check(CLI::IsMember({"auto", "trailing", "other"}))
        ->group(group);
    app.add_flag("--test-standby", options.test_standby,
                 "Instead of a run: forecast what a kill of each service costs, kill, and compare")
        ->group(group);
    app.add_option("--fallback", texts.fallback, "What is heard until a service is back")
        ->check(CLI::IsMember({"dry", "silence", "hold"}))
        ->group(group);
    app.add_option("--hang-limit", texts.hang_limit,
                   "Silence after which a service counts as hung, e.g. 50ms")
        ->type_name("TIME")
        ->group(group);
    app.add_option("--fault", texts.faults,
                   "Strike: kill, stop, segv, exit, spin, late=MS, nan; WHEN is 0.5s or "
                   "every=200ms of stream time")
        ->allow_extra_args(false)
        ->type_name("[SERVICE:]KIND[=ARG]@WHEN")
        ->group(group);
}

void add_machine_options(CLI::App& app, RunOptions& options, Texts& texts)
{
    const char* const group = "Machine";
    app.add_option("--placement", texts.placement,
                   "Services on the audio thread's CPU (same), on others, anywhere (none)")
        ->check(CLI::IsMember({"auto", "same", "other", "none"}))
        ->group(group);
    app.add_option("--cpu", options.cpu, "Pin the audio thread to this CPU")
        ->check(CLI::Range(0, 1023))
        ->type_name("N")
        ->group(group);
    app.add_option("--priority", options.priority,
                   "SCHED_FIFO priority of the audio thread, 4 .. 95 (default 70); 0: ordinary")
        ->check(CLI::Range(0, 95))
        ->type_name("P")
        ->group(group);
    app.add_option("--spin", options.spin_us, "Spin this long before sleeping, 0 .. 20 us")
        ->check(CLI::Range(0, 20))
        ->type_name("US")
        ->group(group);
    app.add_option("--group", texts.grouping,
                   "Which services share a process: none, those of the same name, or all built-in "
                   "ones")
        ->check(CLI::IsMember({"none", "name", "all"}))
        ->group(group);
    app.add_flag("--hold-cpu-latency", options.hold_cpu_latency,
                 "Keep the CPUs out of deep sleep: faster wakes, more power")
        ->group(group);
}

void add_result_options(CLI::App& app, RunOptions& options)
{
    const char* const group = "Results";
    app.add_option("--report", options.report_path, "Write what happened, as JSON")
        ->type_name("FILE.json")
        ->group(group);
    app.add_option("--page", options.page_path, "Write a page with pictures of it")
        ->type_name("FILE.html")
        ->group(group);
    app.add_option("--save-poison", options.poison_folder,
                   "Write each block that services die over as WAV, for the processor's author")
        ->type_name("DIR")
        ->group(group);
    app.add_flag("--json", options.json, "Print the report instead of the summary")->group(group);
    app.add_flag("--quiet,-q", options.quiet, "Print errors only")->group(group);
    app.add_flag("--verbose,-v", options.verbose, "Print what the library does")->group(group);
}

std::uint64_t duration_of(const char* option, const std::string& text)
{
    const auto duration_ns = parse_duration_ns(text);
    if (!duration_ns || *duration_ns == 0) {
        throw usage_failure(fmt::format(
            "{}: '{}' is no time above zero; write 50ms, 300us or 1.5s.", option, text));
    }
    return *duration_ns;
}

std::optional<std::uint64_t> tail_of(const std::string& text)
{
    if (text == "auto")
        return std::nullopt;
    const auto tail_ns = parse_duration_ns(text);
    if (!tail_ns) {
        throw usage_failure(
            fmt::format("--tail: '{}' is neither auto nor a time such as 2s.", text));
    }
    return tail_ns;
}

void interpret(const Texts& texts, RunOptions& options)
{
    options.mode = choose<ob_mode, 2>({{{"sync", OB_MODE_SYNC}, {"pipelined", OB_MODE_PIPELINED}}},
                                      texts.mode);
    options.fallback = choose<ob_fallback, 3>(
        {{{"dry", OB_FALLBACK_DRY}, {"silence", OB_FALLBACK_SILENCE}, {"hold", OB_FALLBACK_HOLD}}},
        texts.fallback);
    options.standby = choose<ob_standby, 3>(
        {{{"none", OB_STANDBY_NONE}, {"hot", OB_STANDBY_HOT}, {"warm", OB_STANDBY_WARM}}},
        texts.standby);
    options.standby_placement =
        choose<ob_standby_placement, 3>({{{"auto", OB_STANDBY_PLACEMENT_AUTO},
                                          {"trailing", OB_STANDBY_PLACEMENT_TRAILING},
                                          {"other", OB_STANDBY_PLACEMENT_OTHER}}},
                                        texts.standby_placement);
    options.pace =
        choose<ob_pace, 2>({{{"realtime", OB_PACE_REALTIME}, {"free", OB_PACE_FREE}}}, texts.pace);
    options.placement = choose<ob_placement, 4>({{{"auto", OB_PLACEMENT_AUTO},
                                                  {"same", OB_PLACEMENT_SAME},
                                                  {"other", OB_PLACEMENT_OTHER},
                                                  {"none", OB_PLACEMENT_NONE}}},
                                                texts.placement);
    options.grouping = choose<ob_grouping, 3>(
        {{{"none", OB_GROUPING_INSERT}, {"name", OB_GROUPING_SERVICE}, {"all", OB_GROUPING_ALL}}},
        texts.grouping);
    options.aligned = !texts.unaligned;
    options.tail_ns = tail_of(texts.tail);
    if (!texts.hang_limit.empty())
        options.hang_limit_ns = duration_of("--hang-limit", texts.hang_limit);
    if (!texts.deadline.empty())
        options.deadline_ns = duration_of("--deadline", texts.deadline);
    options.devices = plan_devices(texts.device, options.inputs, options.output);
    if (!texts.duration.empty())
        options.devices.duration_ns = duration_of("--duration", texts.duration);
    for (const std::string& text : texts.parameters)
        options.parameters.push_back(parse_parameter(text));
    for (const std::string& text : texts.faults)
        options.faults.push_back(parse_fault(text));
}

void check_devices(const RunOptions& options)
{
    const DevicePlan& devices = options.devices;
    if (options.inputs.empty() && !devices.input)
        throw usage_failure("nothing to stream: give --in FILE or --device ADDRESS.");
    if (devices.duration_ns != 0 && !devices.input)
        throw usage_failure("--duration: files have their own length; it is for devices.");
    if (devices.input && options.repeat_count > 1)
        throw usage_failure("--repeat: a device's input cannot be played again.");
    if (devices.has_device() && options.pace == OB_PACE_FREE)
        throw usage_failure("--pace free: a device has its own pace.");
    if (devices.has_device() && options.cpu >= 0)
        throw usage_failure("--cpu: the audio thread is the device's, and is not pinned.");
}

void check_standbys(const CLI::App& app, const RunOptions& options)
{
    for (const char* const option : {"--standbys", "--standby-placement"}) {
        if (options.standby == OB_STANDBY_NONE && app.count(option) > 0)
            throw usage_failure(fmt::format("{}: there are none; use --standby hot.", option));
        if (options.standby == OB_STANDBY_WARM && app.count(option) > 0) {
            throw usage_failure(
                fmt::format("{}: there is one warm standby, where its primary is; "
                            "use --standby hot.",
                            option));
        }
    }
    if (options.standby_placement != OB_STANDBY_PLACEMENT_TRAILING)
        return;
    if (options.pace == OB_PACE_FREE)
        throw usage_failure("--standby-placement trailing: at free pace all are waited for.");
    if (options.priority == 0)
        throw usage_failure("--standby-placement trailing: it takes a --priority of 4 or more.");
    if (options.placement == OB_PLACEMENT_OTHER || options.placement == OB_PLACEMENT_NONE) {
        throw usage_failure(
            "--standby-placement trailing: the services must be on the audio thread's CPU; use "
            "--placement same or auto.");
    }
}

void check_test_standby(const CLI::App& app, const RunOptions& options)
{
    if (!options.test_standby)
        return;
    for (const char* const option : {"--out", "--dry", "--fault", "--report", "--page", "--json",
                                     "--save-poison", "--repeat", "--tail"}) {
        if (app.count(option) > 0) {
            throw usage_failure(fmt::format(
                "--test-standby and {} exclude each other: it prints what it found.", option));
        }
    }
    if (options.devices.has_device())
        throw usage_failure("--test-standby: it streams files and tones, and no device.");
    for (const std::string& service : options.services) {
        if (service.starts_with('@')) {
            throw usage_failure(fmt::format(
                "--test-standby: '{}' is found by name, and what others have started is never "
                "killed; give its executable instead.",
                service));
        }
    }
}

void check_together(const CLI::App& app, const RunOptions& options)
{
    check_standbys(app, options);
    check_test_standby(app, options);
    if (options.mode == OB_MODE_SYNC && app.count("--latency-blocks") > 0)
        throw usage_failure("--latency-blocks: sync mode adds no latency; use --mode pipelined.");
    if (options.pace == OB_PACE_FREE && app.count("--deadline") > 0)
        throw usage_failure("--deadline: at free pace every answer is waited for.");
    check_devices(options);
    if (options.priority > 0 && options.priority < 4)
        throw usage_failure("--priority: the threads below the audio thread need 4 .. 95, or 0.");
    if (!options.output.empty() && options.output == options.dry_output)
        throw usage_failure("--dry: it needs another file than --out.");
    if (options.quiet && options.verbose)
        throw usage_failure("--quiet and --verbose exclude each other.");

    const auto labels = service_labels(options.services);
    for (const ParameterSetting& setting : options.parameters)
        static_cast<void>(find_service(labels, setting.service));
    for (const FaultSpec& fault : options.faults) {
        if (!fault.service.empty())
            static_cast<void>(find_service(labels, fault.service));
    }
}

}  // namespace

std::optional<RunOptions> parse_run_options(const std::vector<std::string>& arguments)
{
    CLI::App app{"Streams sound through processors that run in other processes.", "outboard run"};
    RunOptions options;
    Texts texts;
    add_signal_options(app, options, texts);
    add_stream_options(app, options, texts);
    add_failure_options(app, options, texts);
    add_machine_options(app, options, texts);
    add_result_options(app, options);
    app.footer(std::string{examples} + exit_code_help());

    if (!parse_arguments(app, arguments))
        return std::nullopt;
    interpret(texts, options);
    check_together(app, options);
    options.command_line = {"outboard", "run"};
    options.command_line.insert(options.command_line.end(), arguments.begin(), arguments.end());
    return options;
}

}  // namespace outboard::cli
