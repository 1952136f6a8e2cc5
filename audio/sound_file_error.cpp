// SPDX-License-Identifier: MIT
#include "audio/sound_file_error.hpp"

#include <sndfile.h>
#include <cerrno>
#include <system_error>

namespace outboard::audio {

namespace {

namespace fs = std::filesystem;

std::string quoted(const fs::path& path)
{
    return "'" + path.string() + "'";
}

std::string system_text(int sys_errno)
{
    return std::generic_category().message(sys_errno);
}

bool is_full(int sys_errno) noexcept
{
    return sys_errno == ENOSPC || sys_errno == EDQUOT || sys_errno == EFBIG;
}

bool is_denied(int sys_errno) noexcept
{
    return sys_errno == EACCES || sys_errno == EPERM || sys_errno == EROFS;
}

Error denied_reading(const fs::path& path)
{
    return {ErrorCode::no_permission, "There is no permission to read " + quoted(path) +
                                          ". Check with 'ls -l' who may read it and its folders."};
}

Error denied_writing(const fs::path& path)
{
    return {ErrorCode::no_permission,
            "There is no permission to write " + quoted(path) +
                ". Choose a folder of yours, or change its permissions with chmod."};
}

}  // namespace

Result<void> check_readable(const fs::path& path)
{
    std::error_code code;
    const fs::file_status status = fs::status(path, code);
    if (status.type() == fs::file_type::not_found) {
        return fail(ErrorCode::not_found,
                    "There is no file " + quoted(path) + ". Check its name and its folder.");
    }
    if (status.type() == fs::file_type::directory)
        return fail(ErrorCode::unsupported, quoted(path) + " is a folder. Name a file in it.");
    if (is_denied(code.value()))
        return tl::unexpected(denied_reading(path));
    if (code)
        return fail(ErrorCode::system, "Cannot read " + quoted(path) + ": " + code.message() + ".");
    if (status.type() != fs::file_type::regular) {
        return fail(ErrorCode::unsupported,
                    quoted(path) + " is a device or a pipe. Save it to a file first.");
    }
    if (fs::file_size(path, code) == 0)
        return fail(ErrorCode::empty, quoted(path) + " is empty: it has 0 bytes.");
    return {};
}

Result<void> check_writable(const fs::path& path)
{
    std::error_code code;
    if (fs::is_directory(path, code))
        return fail(ErrorCode::unsupported, quoted(path) + " is a folder. Name a file in it.");
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path{"."};
    const fs::file_status status = fs::status(folder, code);
    if (status.type() == fs::file_type::not_found) {
        return fail(ErrorCode::not_found, "Cannot write " + quoted(path) + ": there is no folder " +
                                              quoted(folder) + ". Create it first.");
    }
    if (is_denied(code.value()))
        return tl::unexpected(denied_writing(path));
    if (status.type() != fs::file_type::directory) {
        return fail(ErrorCode::unsupported,
                    "Cannot write " + quoted(path) + ": " + quoted(folder) + " is not a folder.");
    }
    return {};
}

Error read_error(const fs::path& path, int sys_errno)
{
    const int library_error = sf_error(nullptr);
    if (library_error == SF_ERR_UNRECOGNISED_FORMAT) {
        return {ErrorCode::not_a_sound_file,
                quoted(path) +
                    " is not a sound file. WAV, FLAC, AIFF and Ogg files can be read; "
                    "convert others with ffmpeg or sox."};
    }
    if (library_error == SF_ERR_SYSTEM && is_denied(sys_errno))
        return denied_reading(path);
    if (library_error == SF_ERR_SYSTEM && sys_errno != 0) {
        return {ErrorCode::system,
                "Cannot read " + quoted(path) + ": " + system_text(sys_errno) + "."};
    }
    return {ErrorCode::not_a_sound_file, quoted(path) +
                                             " is damaged, or of a kind that cannot be read: " +
                                             sf_strerror(nullptr) + " Make or copy it again."};
}

Error create_error(const fs::path& path, int sys_errno)
{
    if (is_denied(sys_errno))
        return denied_writing(path);
    return write_error(path, sys_errno, sf_strerror(nullptr));
}

Error write_error(const fs::path& path, int sys_errno, const std::string& library_text)
{
    if (is_full(sys_errno)) {
        return {ErrorCode::disk_full, "No room is left to write " + quoted(path) + ": " +
                                          system_text(sys_errno) +
                                          ". Free some space or write to another disk."};
    }
    const std::string reason = sys_errno != 0 ? system_text(sys_errno) + "." : library_text;
    return {ErrorCode::system, "Cannot write " + quoted(path) + ": " + reason};
}

bool is_medium_error(int sys_errno) noexcept
{
    return is_full(sys_errno) || sys_errno == EIO;
}

}  // namespace outboard::audio
