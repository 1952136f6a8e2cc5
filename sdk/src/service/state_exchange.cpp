// SPDX-License-Identifier: MIT

#include "sdk/src/service/state_exchange.hpp"

namespace outboard::service {

StateExchange::~StateExchange()
{
    collect();
    delete waiting_.load(std::memory_order_relaxed);
}

void StateExchange::stage(std::unique_ptr<InstanceNode> node)
{
    // release, pairs with the acquire in take(): the instance is whole before it is seen.
    // acquire, pairs with the release in take(): what comes back out was put back whole.
    delete waiting_.exchange(node.release(), std::memory_order_acq_rel);
}

InstanceNode* StateExchange::take(std::uint64_t state_id) noexcept
{
    // acquire, pairs with the release in stage().
    InstanceNode* const node = waiting_.exchange(nullptr, std::memory_order_acquire);
    if (node == nullptr || node->state_id == state_id)
        return node;
    // It waits for another event. Put it back, unless a newer one has come meanwhile.
    InstanceNode* expected = nullptr;
    // release, pairs with the acquire in stage(), which may destroy it.
    if (!waiting_.compare_exchange_strong(expected, node, std::memory_order_release,
                                          std::memory_order_relaxed))
        retire(node);
    return nullptr;
}

void StateExchange::retire(InstanceNode* node) noexcept
{
    node->next = retired_.load(std::memory_order_relaxed);
    // release, pairs with the acquire in collect(): we are done with the instance.
    while (!retired_.compare_exchange_weak(node->next, node, std::memory_order_release,
                                           std::memory_order_relaxed)) {
    }
}

void StateExchange::collect() noexcept
{
    // acquire, pairs with the release in retire().
    InstanceNode* node = retired_.exchange(nullptr, std::memory_order_acquire);
    while (node != nullptr)
        delete std::exchange(node, node->next);
}

}  // namespace outboard::service
