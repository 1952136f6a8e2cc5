// SPDX-License-Identifier: MIT
//
// What is refused when hosts, callers and inserts are made: each refusal has its status, names the
// thing and what helps, and leaves a null pointer. And that a hundred inserts leave nothing.

#include "tests/integration/support/left_behind.hpp"
#include "tests/integration/support/one_insert.hpp"
#include "tests/integration/support/runtime_directory.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

using namespace outboard;

namespace {

/// A pointer that was never valid: a refusal has to null it.
template <typename T>
[[nodiscard]] T* stale_pointer()
{
    static std::uint64_t nothing = 0;
    return reinterpret_cast<T*>(&nothing);
}

void check_message(ob_status status, ob_status expected, const std::string& part)
{
    const std::string message = ob_last_error_message();
    CAPTURE(message);
    CHECK(status == expected);
    CHECK(message.find(part) != std::string::npos);
}

/// As a C program can, which puts any number into an enumeration.
template <typename Enumeration>
void put_number(Enumeration& enumeration, std::uint32_t number)
{
    static_assert(sizeof(number) == sizeof(enumeration));
    std::memcpy(&enumeration, &number, sizeof(number));
}

/// What is wrong with a configuration.
struct Mistake {
    const char* part = "";  ///< of the message
    void (*make)(ob_insert_config& config) = nullptr;
    ob_status status = OB_ERR_INVALID_ARGUMENT;
};

void check_refused(const Caller& caller, const Mistake& mistake)
{
    CAPTURE(std::string{mistake.part});
    ob_insert_config config;
    ob_insert_config_init(&config);
    config.service = "gain";
    mistake.make(config);
    auto* insert = stale_pointer<ob_insert>();
    const ob_status status = ob_insert_create(caller.get(), &config, &insert);
    check_message(status, mistake.status, mistake.part);
    CHECK(insert == nullptr);
}

constexpr std::array<Mistake, 19> mistakes = {{
    {"ob_insert_config_init", [](ob_insert_config& config) { config.struct_size_bytes -= 8; }},
    {"no service given", [](ob_insert_config& config) { config.service = nullptr; }},
    {"no service given", [](ob_insert_config& config) { config.service = ""; }},
    {"flags", [](ob_insert_config& config) { config.flags = 1u << 31; }},
    {"sample_rate_hz", [](ob_insert_config& config) { config.sample_rate_hz = 0; }},
    {"sample_rate_hz",
     [](ob_insert_config& config) {
         config.sample_rate_hz = std::numeric_limits<double>::quiet_NaN();
     }},
    {"max_frame_count is 0", [](ob_insert_config& config) { config.max_frame_count = 0; }},
    {"max_frame_count is 8193; it must be 1 .. 8192",
     [](ob_insert_config& config) { config.max_frame_count = 8193; }},
    {"input_channel_count", [](ob_insert_config& config) { config.input_channel_count = 0; }},
    {"output_channel_count", [](ob_insert_config& config) { config.output_channel_count = 65; }},
    {"mode", [](ob_insert_config& config) { put_number(config.mode, 7); }},
    {"latency_blocks",
     [](ob_insert_config& config) {
         config.mode = OB_MODE_PIPELINED;
         config.latency_blocks = 0;
     }},
    {"fallback", [](ob_insert_config& config) { put_number(config.fallback, 9); }},
    {"standby", [](ob_insert_config& config) { put_number(config.standby, 9); }},
    {"pace", [](ob_insert_config& config) { put_number(config.pace, 9); }},
    {"placement", [](ob_insert_config& config) { put_number(config.placement, 9); }},
    {"spin_us", [](ob_insert_config& config) { config.spin_us = 21; }},
    {"parameters is NULL", [](ob_insert_config& config) { config.parameter_count = 1; }},
    {"state is NULL", [](ob_insert_config& config) { config.state_bytes = 1; }},
}};

/// Makes a file that is there but cannot be a service.
[[nodiscard]] std::string make_file(const test::RuntimeDirectory& folder, const char* name,
                                    mode_t mode, const char* contents)
{
    std::string path = folder.path() + "/" + name;
    std::ofstream{path} << contents;
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    return path;
}

void check_service_refused(const std::string& service, ob_status status, const std::string& part)
{
    CAPTURE(service);
    const Error error = test::failure_of(service);
    const std::string message = error.what();
    CAPTURE(message);
    CHECK(error.status() == status);
    CHECK(message.find(service) != std::string::npos);
    CHECK(message.find(part) != std::string::npos);
}

[[nodiscard]] test::Adjust with_parameter(const ob_parameter_value& value)
{
    return [&value](InsertConfig& config) {
        config.parameters = &value;
        config.parameter_count = 1;
    };
}

}  // namespace

TEST_SUITE("integration/insert_errors")
{
    TEST_CASE("a configuration with one mistake is refused for that one")
    {
        const Host host;
        const Caller caller{host};
        for (const Mistake& mistake : mistakes)
            check_refused(caller, mistake);
    }

    TEST_CASE("null arguments are refused")
    {
        const Host host;
        const Caller caller{host};
        ob_insert_config config;
        ob_insert_config_init(&config);
        auto* insert = stale_pointer<ob_insert>();
        check_message(ob_insert_create(nullptr, &config, &insert), OB_ERR_INVALID_ARGUMENT, "NULL");
        CHECK(insert == nullptr);
        insert = stale_pointer<ob_insert>();
        check_message(ob_insert_create(caller.get(), nullptr, &insert), OB_ERR_INVALID_ARGUMENT,
                      "NULL");
        CHECK(insert == nullptr);
        CHECK(ob_insert_create(caller.get(), &config, nullptr) == OB_ERR_INVALID_ARGUMENT);

        CHECK(ob_host_create(nullptr, nullptr) == OB_ERR_INVALID_ARGUMENT);
        CHECK(ob_caller_create(host.get(), nullptr, nullptr) == OB_ERR_INVALID_ARGUMENT);
        auto* made = stale_pointer<ob_caller>();
        check_message(ob_caller_create(nullptr, nullptr, &made), OB_ERR_INVALID_ARGUMENT, "NULL");
        CHECK(made == nullptr);
    }

    TEST_CASE("a host or caller of another size of struct, or out of range, is refused")
    {
        ob_host_config host_config;
        ob_host_config_init(&host_config);
        host_config.struct_size_bytes += 8;
        auto* made_host = stale_pointer<ob_host>();
        check_message(ob_host_create(&host_config, &made_host), OB_ERR_INVALID_ARGUMENT,
                      "ob_host_config_init");
        CHECK(made_host == nullptr);
        ob_host_config_init(&host_config);
        host_config.supervisor_priority = 1000;
        made_host = stale_pointer<ob_host>();
        check_message(ob_host_create(&host_config, &made_host), OB_ERR_INVALID_ARGUMENT,
                      "supervisor_priority");
        CHECK(made_host == nullptr);

        const Host host;
        CallerConfig config;
        config.struct_size_bytes = 0;
        auto* caller = stale_pointer<ob_caller>();
        check_message(ob_caller_create(host.get(), &config, &caller), OB_ERR_INVALID_ARGUMENT,
                      "ob_caller_config_init");
        CHECK(caller == nullptr);
        config = CallerConfig{};
        config.realtime_priority = 96;
        check_message(ob_caller_create(host.get(), &config, &caller), OB_ERR_INVALID_ARGUMENT,
                      "0 .. 95");
        config.realtime_priority = -1;
        check_message(ob_caller_create(host.get(), &config, &caller), OB_ERR_INVALID_ARGUMENT,
                      "realtime_priority");
    }

    TEST_CASE("the 33rd caller of a host is refused, and the place of one that left is free")
    {
        const Host host;
        std::vector<Caller> callers;
        callers.reserve(32);
        for (int index = 0; index < 32; ++index)
            callers.emplace_back(host);
        auto* caller = stale_pointer<ob_caller>();
        check_message(ob_caller_create(host.get(), nullptr, &caller), OB_ERR_REFUSED, "32");
        CHECK(caller == nullptr);
        callers.erase(callers.begin() + 7);
        callers.emplace_back(host);
        CHECK(callers.size() == 32);
    }

    TEST_CASE("a service that cannot be started is refused by its name")
    {
        const test::RuntimeDirectory folder;
        check_service_refused("/nowhere/my-service", OB_ERR_NOT_FOUND, "no executable file");
        check_service_refused(folder.path() + "/", OB_ERR_NOT_FOUND, "no executable file");
        check_service_refused(make_file(folder, "text", 0600, "text\n"), OB_ERR_NOT_FOUND,
                              "no executable file");
        check_service_refused(make_file(folder, "rubbish", 0700, "\1\2\3\4 rubbish"),
                              OB_ERR_INVALID_ARGUMENT, "Exec format");
        check_service_refused(make_file(folder, "script", 0700, "#!/nowhere/interpreter\n"),
                              OB_ERR_NOT_FOUND, "cannot start");
        check_service_refused("/bin/true", OB_ERR_SERVICE_EXITED, "exited with code 0");
        check_service_refused("@Not A Name", OB_ERR_INVALID_ARGUMENT, "[a-z0-9._-]{1,64}");
        check_service_refused("@", OB_ERR_INVALID_ARGUMENT, "[a-z0-9._-]{1,64}");
    }

    TEST_CASE("where built-in services are not, their place is asked for")
    {
        HostConfig config;
        config.service_directory = "/nowhere";
        const Host host{config};
        const Caller caller{host};
        check_refused(caller, {"OUTBOARD_SERVICE_DIR", [](ob_insert_config&) {}, OB_ERR_NOT_FOUND});
    }

    TEST_CASE("an unknown processor is refused with those that there are")
    {
        check_service_refused("tape-echo", OB_ERR_NOT_FOUND, "it offers: gain, delay");
    }

    TEST_CASE("an unknown parameter, or a value out of range, is refused by its number")
    {
        for (const auto& [value, status, part] :
             {std::tuple{ob_parameter_value{.id = 4711, .reserved = 0, .value = 0.0},
                         ob_status{OB_ERR_NOT_FOUND}, "4711 does not exist"},
              std::tuple{ob_parameter_value{.id = 0, .reserved = 0, .value = 1e9},
                         ob_status{OB_ERR_INVALID_ARGUMENT}, "out of range"},
              std::tuple{
                  ob_parameter_value{
                      .id = 0, .reserved = 0, .value = std::numeric_limits<double>::quiet_NaN()},
                  ob_status{OB_ERR_INVALID_ARGUMENT}, "out of range"}}) {
            const Error error = test::failure_of("gain", with_parameter(value));
            CAPTURE(std::string{error.what()});
            CHECK(error.status() == status);
            CHECK(std::string{error.what()}.find(part) != std::string::npos);
        }
        test::OneInsert stream{"gain"};
        CHECK(stream.insert().set_parameter(4711, 0.0) == OB_ERR_NOT_FOUND);
        CHECK(stream.insert().set_parameter(0, 1e9) == OB_ERR_INVALID_ARGUMENT);
    }

    TEST_CASE("a state that the processor cannot load is refused")
    {
        const std::array<unsigned char, 5> rubbish{1, 2, 3, 4, 5};
        const Error error = test::failure_of("gain", [&rubbish](InsertConfig& config) {
            config.state = rubbish.data();
            config.state_bytes = rubbish.size();
        });
        CAPTURE(std::string{error.what()});
        CHECK(error.status() == OB_ERR_INVALID_ARGUMENT);
        CHECK(std::string{error.what()}.find("state") != std::string::npos);
    }

    TEST_CASE("a hundred inserts leave no handle, mapping, thread or process")
    {
        const test::ProcessMark mark;
        const Host host;
        const Caller caller{host};
        InsertConfig config;
        config.service = "gain";
        const auto make_one = [&] { const Insert insert{caller, config}; };
        make_one();  // what is made once and kept
        const auto before = test::holdings_now();
        for (int trial = 0; trial < 100; ++trial)
            make_one();
        const auto after = test::holdings_now();
        CHECK(after.handles == before.handles);
        CHECK(after.shared_mappings == before.shared_mappings);
        CHECK(after.threads == before.threads);
        CHECK(mark.wait_until_gone().empty());
    }

    TEST_CASE("a host that is destroyed leaves no thread and no handle")
    {
        const auto make_one = [] { const test::OneInsert stream{"null"}; };
        make_one();
        const auto before = test::holdings_now();
        for (int trial = 0; trial < 20; ++trial)
            make_one();
        CHECK(test::holdings_now() == before);
    }
}
