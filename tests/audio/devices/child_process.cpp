// SPDX-License-Identifier: MIT
#include "tests/audio/devices/child_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

namespace outboard::test {

ChildProcess::ChildProcess(const std::vector<std::string>& words, const std::string& log_path)
{
    std::vector<char*> arguments;
    for (const std::string& word : words)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);

    const pid_t parent = getpid();
    process_id_ = fork();
    if (process_id_ != 0)
        return;
    // Between fork and exec only what is safe in a child of a process with threads.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    const int log = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
}

ChildProcess::~ChildProcess()
{
    end();
}

bool ChildProcess::is_running()
{
    if (process_id_ < 0)
        return false;
    if (waitpid(process_id_, nullptr, WNOHANG) == 0)
        return true;
    process_id_ = -1;
    return false;
}

int ChildProcess::wait()
{
    int status = 0;
    if (process_id_ < 0 || waitpid(process_id_, &status, 0) != process_id_)
        return -1;
    process_id_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void ChildProcess::end(int signal)
{
    if (process_id_ < 0)
        return;
    kill(process_id_, signal);
    waitpid(process_id_, nullptr, 0);
    process_id_ = -1;
}

bool has_program(const std::string& name)
{
    const char* const path = std::getenv("PATH");
    std::istringstream folders{path == nullptr ? "" : path};
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (access((folder + '/' + name).c_str(), X_OK) == 0)
            return true;
    }
    return false;
}

}  // namespace outboard::test
