// SPDX-License-Identifier: MIT

#include <iostream>
#include <outboard/outboard.hpp>
#include <string_view>

/// Prints the library's version; fails if it is not the one given as argument.
int main(int argc, char** argv)
{
    const std::string_view version = ob_version_string();
    std::cout << version << '\n';
    return argc == 2 && version == argv[1] ? 0 : 1;
}
