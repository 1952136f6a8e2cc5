// SPDX-License-Identifier: MIT

#include "sdk/src/service/processor_catalog.hpp"

#include "sdk/src/registry/registry.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <string>

namespace outboard::service {
namespace {

/// Every header that ever was had the entries up to and including this one.
constexpr std::size_t table_bytes_min =
    offsetof(ob_processor_class, reset) + sizeof(ob_processor_class::reset);

[[nodiscard]] ob_processor_class copy_of(const ob_processor_class& given) noexcept
{
    ob_processor_class copy{};
    std::memcpy(&copy, &given, std::min<std::size_t>(given.struct_size_bytes, sizeof(copy)));
    copy.struct_size_bytes = sizeof(copy);
    return copy;
}

/// Null when the table is complete.
[[nodiscard]] const char* what_is_missing(const ob_processor_class& kind) noexcept
{
    if (kind.name == nullptr || !registry::is_valid_name(kind.name))
        return "its name is not [a-z0-9._-]{1,64}";
    if (kind.create == nullptr || kind.destroy == nullptr)
        return "create or destroy is NULL";
    if (kind.prepare == nullptr || kind.process == nullptr || kind.reset == nullptr)
        return "prepare, process or reset is NULL";
    if (kind.parameter_count != 0 && kind.parameter_info == nullptr)
        return "it has parameters, but parameter_info is NULL";
    return nullptr;
}

/// Text of a fixed array that a processor has filled, with or without a final zero.
template <std::size_t Size>
[[nodiscard]] std::string text_of(const char (&text)[Size])
{
    return {text, ::strnlen(text, Size)};
}

[[nodiscard]] std::unique_ptr<wire::ParameterOfferT> offer_of(const ob_parameter_info& info)
{
    auto offer = std::make_unique<wire::ParameterOfferT>();
    offer->id = info.id;
    offer->flags = info.flags;
    offer->key = text_of(info.key);
    offer->name = text_of(info.name);
    offer->unit = text_of(info.unit);
    offer->minimum = info.minimum;
    offer->maximum = info.maximum;
    offer->initial = info.initial;
    return offer;
}

[[nodiscard]] std::unique_ptr<wire::ProcessorOfferT> offer_of(const ob_processor_class& kind)
{
    auto offer = std::make_unique<wire::ProcessorOfferT>();
    offer->name = kind.name;
    offer->description = kind.description != nullptr ? kind.description : "";
    offer->flags = kind.flags;
    offer->fixed_frame_count = kind.fixed_frame_count;
    const auto parameters = parameters_of(kind);
    std::transform(parameters.begin(), parameters.end(), std::back_inserter(offer->parameters),
                   [](const ob_parameter_info& info) { return offer_of(info); });
    return offer;
}

}  // namespace

Outcome<ProcessorCatalog> ProcessorCatalog::make(std::span<const ob_processor_class* const> classes)
{
    std::vector<ob_processor_class> copies;
    for (const ob_processor_class* const given : classes) {
        const std::string which = "processor " + std::to_string(copies.size());
        if (given == nullptr || given->struct_size_bytes < table_bytes_min)
            return refuse(OB_ERR_INVALID_ARGUMENT, which + ": struct_size_bytes is not set");
        copies.push_back(copy_of(*given));
        const ob_processor_class& kind = copies.back();
        if (const char* const missing = what_is_missing(kind); missing != nullptr)
            return refuse(OB_ERR_INVALID_ARGUMENT, which + ": " + missing);
        const auto same_name = [&kind](const ob_processor_class& other) {
            return std::strcmp(other.name, kind.name) == 0;
        };
        if (std::count_if(copies.begin(), copies.end(), same_name) > 1)
            return refuse(OB_ERR_INVALID_ARGUMENT, which + ": there are two of its name");
    }
    if (copies.empty())
        return refuse(OB_ERR_INVALID_ARGUMENT, "there is no processor to serve");
    return ProcessorCatalog{std::move(copies)};
}

const ob_processor_class* ProcessorCatalog::find(std::string_view name) const noexcept
{
    if (name.empty())
        return &classes_.front();
    const auto found =
        std::find_if(classes_.begin(), classes_.end(),
                     [name](const ob_processor_class& kind) { return name == kind.name; });
    return found == classes_.end() ? nullptr : &*found;
}

std::vector<std::unique_ptr<wire::ProcessorOfferT>> ProcessorCatalog::offers() const
{
    std::vector<std::unique_ptr<wire::ProcessorOfferT>> offers;
    std::transform(classes_.begin(), classes_.end(), std::back_inserter(offers),
                   [](const ob_processor_class& kind) { return offer_of(kind); });
    return offers;
}

std::vector<ob_parameter_info> parameters_of(const ob_processor_class& kind)
{
    std::vector<ob_parameter_info> parameters;
    for (std::uint32_t index = 0; index < kind.parameter_count; ++index) {
        ob_parameter_info info{};
        if (kind.parameter_info(index, &info) == OB_OK)
            parameters.push_back(info);
    }
    return parameters;
}

}  // namespace outboard::service
