// SPDX-License-Identifier: MIT
#include "sdk/cli/failure.hpp"

namespace outboard::cli {

const char* exit_code_help() noexcept
{
    return "Exit codes:\n"
           "    0  done\n"
           "    1  internal error, or a system call failed\n"
           "    2  the command line is wrong\n"
           "    3  an input file is missing, unreadable, empty or no sound file\n"
           "    4  an output file cannot be written (disk full, no permission)\n"
           "    5  a service is unknown, ended at once, did not answer or speaks another version\n"
           "    6  the environment lacks something (XDG_RUNTIME_DIR)\n"
           "    7  gave up: at free pace no service came back in time\n"
           "    8  a device is missing, busy, does not offer what was asked, or has no server\n"
           "    9  --test-standby: what happened was not what was forecast\n"
           "   10  the process is no host that runs, or its host does not answer\n"
           "   11  the address for metrics is in use, or not of this machine\n"
           "  130  interrupted; files and report are complete up to that point\n";
}

Failure usage_failure(const std::string& message)
{
    return {ExitCode::usage, message};
}

ExitCode exit_code_of(ob_status status) noexcept
{
    switch (status) {
        case OB_ERR_INVALID_ARGUMENT: return ExitCode::usage;
        case OB_ERR_NOT_FOUND:
        case OB_ERR_NO_PERMISSION:
        case OB_ERR_TIMED_OUT:
        case OB_ERR_SERVICE_EXITED:
        case OB_ERR_VERSION:
        case OB_ERR_PROTOCOL:
        case OB_ERR_REFUSED:
        case OB_ERR_BUSY: return ExitCode::service;
        case OB_ERR_ENVIRONMENT: return ExitCode::environment;
        case OB_ERR_GAVE_UP: return ExitCode::gave_up;
        default: return status >= 0 ? ExitCode::ok : ExitCode::internal;
    }
}

}  // namespace outboard::cli
