// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// How an instance with a loaded state gets to the DSP thread, and how the one that it replaces
/// gets back: only the control thread makes and destroys.
///
///     control thread                              DSP thread
///     stage() ------- waiting_ ----------------> take(), at the event that activates it
///     collect() <---- retired_ (a stack) ------- retire(), once it is faded out

#include "sdk/src/service/processor_instance.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace outboard::service {

/// An instance on its way. Owned by whoever holds the pointer.
struct InstanceNode {
    InstanceNode(std::uint64_t id, std::unique_ptr<ProcessorInstance> made) noexcept
        : state_id(id),
          instance(std::move(made))
    {}
    std::uint64_t state_id;
    std::unique_ptr<ProcessorInstance> instance;
    InstanceNode* next = nullptr;  ///< on the stack of retired ones
};

class StateExchange {
public:
    StateExchange() noexcept = default;
    StateExchange(const StateExchange&) = delete;
    StateExchange(StateExchange&&) = delete;
    StateExchange& operator=(const StateExchange&) = delete;
    StateExchange& operator=(StateExchange&&) = delete;
    /// @pre the DSP thread no longer uses it
    ~StateExchange();

    /// Offers an instance; one that still waits is superseded and destroyed.
    /// @thread control
    void stage(std::unique_ptr<InstanceNode> node);

    /// The instance that waits, if it is the one with this id; else null.
    /// @thread dsp
    /// @rt     wait-free
    [[nodiscard]] InstanceNode* take(std::uint64_t state_id) noexcept;

    /// Gives an instance back.
    /// @thread dsp
    /// @rt     lock-free: repeats only when the control thread has collected meanwhile
    void retire(InstanceNode* node) noexcept;

    /// Destroys what was given back.
    /// @thread control
    void collect() noexcept;

private:
    std::atomic<InstanceNode*> waiting_{nullptr};
    std::atomic<InstanceNode*> retired_{nullptr};
};

}  // namespace outboard::service
