// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// C++ face of the service side, header-only over the C ABI: derive from Processor, describe it by
/// ProcessorTraits-like static members, and call serve<MyProcessor>(argc, argv).
///
///     class Gain : public outboard::Processor {
///     public:
///         static constexpr const char* name = "my-gain";
///         static constexpr const char* description = "Multiplies";
///         void prepare(const outboard::PrepareInfo&) override {}
///         void process(const outboard::ProcessBlock& block) noexcept override { ... }
///     };
///     int main(int argc, char** argv) { return outboard::serve<Gain>(argc, argv); }
///
/// Optional static members: `flags` (std::uint32_t), `fixed_frame_count` (std::uint32_t),
/// `parameters` (an array or span of ob_parameter_info).

#include <outboard/service.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <new>
#include <span>

namespace outboard {

using PrepareInfo = ob_prepare_info;
using ProcessBlock = ob_process_block;
using EventHeader = ob_event_header;

/// Base of a processor. Thread roles are those of ob_processor_class.
class Processor {
public:
    Processor() = default;
    Processor(const Processor&) = delete;
    Processor& operator=(const Processor&) = delete;
    Processor(Processor&&) = delete;
    Processor& operator=(Processor&&) = delete;
    virtual ~Processor() = default;

    /// Allocates and resets. May throw: the text of a std::exception reaches the host's user.
    virtual void prepare(const PrepareInfo& info) = 0;
    virtual void process(const ProcessBlock& block) noexcept = 0;
    virtual void reset() noexcept {}
    [[nodiscard]] virtual std::uint32_t latency_frames() const noexcept { return 0; }
    [[nodiscard]] virtual std::uint64_t tail_frames() const noexcept { return 0; }
    /// @return the size in bytes; writes nothing where `out` is smaller
    [[nodiscard]] virtual std::size_t save_state(std::span<std::byte> /*out*/) const { return 0; }
    [[nodiscard]] virtual bool load_state(std::span<const std::byte> /*data*/) { return false; }
    [[nodiscard]] virtual std::size_t checkpoint_bytes() const noexcept { return 0; }
    virtual void save_checkpoint(std::span<std::byte> /*out*/) const noexcept {}
    [[nodiscard]] virtual bool restore_checkpoint(std::span<const std::byte> /*data*/) noexcept
    {
        return false;
    }
};

/// Calls `visit(const EventHeader&)` for each event of the block, in order. [rt]
template <typename Visit>
void for_each_event(const ProcessBlock& block, Visit&& visit) noexcept
{
    for (const EventHeader* event = ob_event_next(&block.events_in, nullptr); event != nullptr;
         event = ob_event_next(&block.events_in, event))
        visit(*event);
}

namespace detail {

template <typename P>
constexpr std::uint32_t flags_of() noexcept
{
    if constexpr (requires { P::flags; }) {
        return P::flags;
    } else {
        return 0;
    }
}

template <typename P>
constexpr std::uint32_t fixed_frame_count_of() noexcept
{
    if constexpr (requires { P::fixed_frame_count; }) {
        return P::fixed_frame_count;
    } else {
        return 0;
    }
}

template <typename P>
std::span<const ob_parameter_info> parameters_of() noexcept
{
    if constexpr (requires { P::parameters; }) {
        return P::parameters;
    } else {
        return {};
    }
}

inline Processor& as_processor(void* instance) noexcept
{
    return *static_cast<Processor*>(instance);
}
inline const Processor& as_processor(const void* instance) noexcept
{
    return *static_cast<const Processor*>(instance);
}

inline ob_status prepare(void* instance, const ob_prepare_info* info, char* message,
                         std::size_t message_bytes) noexcept
{
    try {
        as_processor(instance).prepare(*info);
        return OB_OK;
    } catch (const std::bad_alloc&) {
        return OB_ERR_NO_MEMORY;
    } catch (const std::exception& error) {
        static_cast<void>(std::snprintf(message, message_bytes, "%s", error.what()));
        return OB_ERR_REFUSED;
    } catch (...) {
        return OB_ERR_REFUSED;
    }
}

inline std::size_t save_state(const void* instance, void* out, std::size_t capacity_bytes) noexcept
{
    try {
        return as_processor(instance).save_state({static_cast<std::byte*>(out), capacity_bytes});
    } catch (...) {
        return 0;
    }
}

inline ob_status load_state(void* instance, const void* data, std::size_t size_bytes) noexcept
{
    try {
        const bool loaded =
            as_processor(instance).load_state({static_cast<const std::byte*>(data), size_bytes});
        return loaded ? OB_OK : OB_ERR_INVALID_ARGUMENT;
    } catch (...) {
        return OB_ERR_REFUSED;
    }
}

inline ob_status restore_checkpoint(void* instance, const void* data,
                                    std::size_t size_bytes) noexcept
{
    const std::span bytes{static_cast<const std::byte*>(data), size_bytes};
    return as_processor(instance).restore_checkpoint(bytes) ? OB_OK : OB_ERR_INVALID_ARGUMENT;
}

template <typename P>
ob_status parameter_info(std::uint32_t index, ob_parameter_info* out) noexcept
{
    const auto parameters = parameters_of<P>();
    if (index >= parameters.size())
        return OB_ERR_INVALID_ARGUMENT;
    *out = parameters[index];
    return OB_OK;
}

template <typename P>
void* create() noexcept
{
    try {
        return static_cast<Processor*>(new P);
    } catch (...) {
        return nullptr;
    }
}

}  // namespace detail

/// The C table of a Processor class: static, so its address may be kept.
template <typename P>
[[nodiscard]] const ob_processor_class* processor_class() noexcept
{
    static const ob_processor_class table = {
        .struct_size_bytes = sizeof(ob_processor_class),
        .flags = detail::flags_of<P>(),
        .name = P::name,
        .description = P::description,
        .fixed_frame_count = detail::fixed_frame_count_of<P>(),
        .parameter_count = static_cast<std::uint32_t>(detail::parameters_of<P>().size()),
        .parameter_info = detail::parameter_info<P>,
        .create = detail::create<P>,
        .destroy = [](void* instance) { delete static_cast<Processor*>(instance); },
        .prepare = detail::prepare,
        .process =
            [](void* instance, const ob_process_block* block) {
                detail::as_processor(instance).process(*block);
            },
        .reset = [](void* instance) { detail::as_processor(instance).reset(); },
        .latency_frames =
            [](const void* instance) { return detail::as_processor(instance).latency_frames(); },
        .tail_frames =
            [](const void* instance) { return detail::as_processor(instance).tail_frames(); },
        .save_state = detail::save_state,
        .load_state = detail::load_state,
        .checkpoint_bytes =
            [](const void* instance) { return detail::as_processor(instance).checkpoint_bytes(); },
        .save_checkpoint =
            [](const void* instance, void* out) {
                const Processor& processor = detail::as_processor(instance);
                processor.save_checkpoint(
                    {static_cast<std::byte*>(out), processor.checkpoint_bytes()});
            },
        .restore_checkpoint = detail::restore_checkpoint,
    };
    return &table;
}

/// Serves the given kinds of processor: the whole main() of a service. See ob_serve().
template <typename... Processors>
[[nodiscard]] int serve(int argc, char* const* argv) noexcept
{
    const std::array<const ob_processor_class*, sizeof...(Processors)> classes{
        processor_class<Processors>()...};
    return ob_serve(argc, argv, classes.data(), static_cast<std::uint32_t>(classes.size()));
}

}  // namespace outboard
