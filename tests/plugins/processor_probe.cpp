// SPDX-License-Identifier: MIT
//
// The second process of the processors' tests.
//
//     processor_probe continue KIND CHECKPOINT OUTPUT   restores and writes the next 1,000 blocks
//     processor_probe fault KIND ARGUMENT               has `fault` strike; exit code 0: survived

#include "plugins/builtin/fault.hpp"
#include "tests/plugins/continuation.hpp"
#include "tests/plugins/processor_rig.hpp"

#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <string_view>

namespace {

using outboard::test::ProcessorRig;

constexpr int usage_exit_code = 64;
constexpr int refused_exit_code = 65;

int continue_stream(const char* kind, const char* checkpoint_path, const char* output_path)
{
    ProcessorRig rig{outboard::test::processor_named(kind)};
    if (rig.restore(outboard::test::read_file<std::byte>(checkpoint_path)) != OB_OK)
        return refused_exit_code;
    rig.continue_from(outboard::test::continuation_first_frame);
    const auto output = outboard::test::run_continuation(rig);
    std::vector<float> joined = output[0];
    joined.insert(joined.end(), output[1].begin(), output[1].end());
    outboard::test::write_file(output_path, joined);
    return 0;
}

int strike(const char* kind, const char* argument)
{
    ProcessorRig rig{*outboard::processor_class<outboard::builtin::Fault>()};
    rig.set("kind", std::stod(kind));
    rig.set("argument", std::stod(argument));
    rig.set_at(10, "trigger", 1.0);
    static_cast<void>(rig.run(outboard::test::noise(2, 64)));
    return 0;
}

}  // namespace

int main(int argc, char** argv)
{
    const std::span<char*> arguments{argv, static_cast<std::size_t>(argc)};
    try {
        if (arguments.size() == 5 && std::string_view{arguments[1]} == "continue")
            return continue_stream(arguments[2], arguments[3], arguments[4]);
        if (arguments.size() == 4 && std::string_view{arguments[1]} == "fault")
            return strike(arguments[2], arguments[3]);
    } catch (const std::exception& error) {
        static_cast<void>(std::fprintf(stderr, "processor_probe: %s\n", error.what()));
        return refused_exit_code;
    }
    return usage_exit_code;
}
