/* SPDX-License-Identifier: MIT */
#ifndef OB_SERVICE_H
#define OB_SERVICE_H

/**
 * @file
 * The service side: a process that runs processors for hosts. A whole service is a main() that
 * calls ob_serve().
 */

#include "processor.h"

OB_EXTERN_C_BEGIN

/** Exit codes of ob_serve(); documented in outboard-serve(1). */
enum {
    OB_SERVE_DONE = 0,
    OB_SERVE_USAGE = 2,       /**< wrong arguments, or started by hand without --name */
    OB_SERVE_NAME_TAKEN = 3,  /**< another process serves under this name */
    OB_SERVE_ENVIRONMENT = 4, /**< XDG_RUNTIME_DIR missing or not usable */
    OB_SERVE_FAILED = 5,
    OB_SERVE_VERSION = 6 /**< no protocol version in common with the host */
};

/**
 * Serves `class_count` kinds of processor until the host has gone (when a host started it) or
 * SIGTERM or SIGINT arrives (when started by hand with `--name NAME`, under which hosts find it).
 * Takes over this process: locks its memory, installs handlers, starts threads. Call it from
 * main(), before other threads exist.
 *
 * Arguments understood: --name NAME, --list-processors, --verbose, --help, --version.
 *
 * @return the exit code for main()
 *
 * [control] [!rt]
 */
OB_API int ob_serve(int argc, char* const* argv, const ob_processor_class* const* classes,
                    uint32_t class_count) OB_NOEXCEPT;

/**
 * Runs a service's executable in place of this process: for programs that start one to be found by
 * name. The executable is looked for as a host does it.
 *
 * @param service    a path (with a '/'), or the name of a built-in processor
 * @param arguments  for its main(), from the program's name on; ends with NULL
 * @return only when it failed: OB_ERR_NOT_FOUND, or why it cannot be run
 *
 * [control] [!rt]
 */
OB_API ob_status ob_service_exec(const char* service, char* const* arguments) OB_NOEXCEPT;

OB_EXTERN_C_END

#endif /* OB_SERVICE_H */
