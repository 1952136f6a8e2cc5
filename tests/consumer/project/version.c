/* SPDX-License-Identifier: MIT */

#include <outboard/outboard.h>
#include <stdio.h>
#include <string.h>

/* Prints the library's version; fails if it is not the one given as argument. */
int main(int argc, char** argv)
{
    const char* const version = ob_version_string();
    printf("%s\n", version);
    return argc == 2 && strcmp(version, argv[1]) == 0 ? 0 : 1;
}
