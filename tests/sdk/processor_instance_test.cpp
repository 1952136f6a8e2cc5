// SPDX-License-Identifier: MIT

#include "sdk/src/service/processor_instance.hpp"

#include "sdk/src/service/processor_catalog.hpp"
#include "tests/sdk/probe_processor.hpp"

#include <doctest/doctest.h>
#include <array>
#include <cstddef>
#include <string>

using namespace outboard;
using service::ProcessorCatalog;
using service::ProcessorInstance;

namespace {

constexpr ob_prepare_info format{48'000.0, 64, 2, 2};

/// The least that a service may offer.
ob_processor_class bare_class()
{
    ob_processor_class kind{};
    kind.struct_size_bytes = sizeof(kind);
    kind.name = "bare";
    kind.create = []() -> void* {
        static int instance = 0;
        return &instance;
    };
    kind.destroy = [](void*) {};
    kind.prepare = [](void*, const ob_prepare_info*, char*, size_t) -> ob_status { return OB_OK; };
    kind.process = [](void*, const ob_process_block*) {};
    kind.reset = [](void*) {};
    return kind;
}

}  // namespace

TEST_SUITE("sdk/processor_instance")
{
    TEST_CASE("an instance is warmed up and reset when it is made, and destroyed at its end")
    {
        test::probe_record = {};
        {
            const auto made =
                ProcessorInstance::make(*processor_class<test::Probe<5>>(), format, {});
            REQUIRE(made);
            CHECK(test::probe_record.block_count > 0);
            CHECK(test::probe_record.reset_count == 1);
            CHECK(test::probe_record.living_count == 1);
            CHECK((*made)->latency_frames() == 5);
        }
        CHECK(test::probe_record.living_count == 0);
    }

    TEST_CASE("why a processor refuses to be prepared reaches the caller")
    {
        auto refused = format;
        refused.sample_rate_hz = 12'345.0;
        const auto made = ProcessorInstance::make(*processor_class<test::Probe<0>>(), refused, {});
        REQUIRE(!made);
        CHECK(made.error().status == OB_ERR_REFUSED);
        CHECK(made.error().message == "probe: this rate I do not like");
        CHECK(test::probe_record.living_count == 0);
    }

    TEST_CASE("a state goes out of one instance and into another")
    {
        const auto first = ProcessorInstance::make(*processor_class<test::Probe<0>>(), format,
                                                   test::probe_state(4.0F));
        REQUIRE(first);
        const auto state = (*first)->save_state();
        REQUIRE(state);
        CHECK(*state == test::probe_state(4.0F));
    }

    TEST_CASE("a state that the processor does not understand is refused")
    {
        const std::array<std::uint8_t, 3> nonsense{1, 2, 3};
        const auto made =
            ProcessorInstance::make(*processor_class<test::Probe<0>>(), format, nonsense);
        REQUIRE(!made);
        CHECK(made.error().status == OB_ERR_INVALID_ARGUMENT);
    }

    TEST_CASE("functions that are optional may be NULL")
    {
        const ob_processor_class kind = bare_class();
        const auto made = ProcessorInstance::make(kind, format, {});
        REQUIRE(made);
        CHECK((*made)->latency_frames() == 0);
        CHECK((*made)->tail_frames() == 0);
        CHECK((*made)->checkpoint_bytes() == 0);
        CHECK(!(*made)->save_state());
        const std::array<std::uint8_t, 1> state{1};
        CHECK(!ProcessorInstance::make(kind, format, state));
    }

    TEST_CASE("a processor that cannot be made, or has a state too long to send, is refused")
    {
        ob_processor_class kind = bare_class();
        kind.save_state = [](const void*, void*, size_t) -> size_t { return 1U << 20; };
        const auto made = ProcessorInstance::make(kind, format, {});
        REQUIRE(made);
        CHECK(!(*made)->save_state());

        kind.create = []() -> void* { return nullptr; };
        CHECK(!ProcessorInstance::make(kind, format, {}));
    }

    TEST_CASE("a latency above the limit is refused")
    {
        ob_processor_class kind = bare_class();
        kind.latency_frames = [](const void*) -> std::uint32_t { return 0xffffffffU; };
        CHECK(!ProcessorInstance::make(kind, format, {}));
    }
}

TEST_SUITE("sdk/processor_catalog")
{
    TEST_CASE("a processor is found by its name, and without a name it is the first")
    {
        const ob_processor_class bare = bare_class();
        const std::array classes{&bare, processor_class<test::Probe<0>>()};
        const auto catalog = ProcessorCatalog::make(classes);
        REQUIRE(catalog);
        CHECK(catalog->find("probe")->name == std::string{"probe"});
        CHECK(catalog->find("")->name == std::string{"bare"});
        CHECK(catalog->find("nobody") == nullptr);
        CHECK(catalog->offers().size() == 2);
    }

    TEST_CASE("a table made against an older header ends earlier, and what follows is NULL")
    {
        ob_processor_class old = bare_class();
        old.struct_size_bytes = offsetof(ob_processor_class, latency_frames);
        old.latency_frames = [](const void*) -> std::uint32_t { return 1; };  // not its own
        const std::array<const ob_processor_class*, 1> classes{&old};
        const auto catalog = ProcessorCatalog::make(classes);
        REQUIRE(catalog);
        const bool has_latency = catalog->find("bare")->latency_frames != nullptr;
        CHECK(!has_latency);
    }

    TEST_CASE("an incomplete table is refused")
    {
        ob_processor_class kind = bare_class();
        SUBCASE("no size")
        {
            kind.struct_size_bytes = 0;
        }
        SUBCASE("no name")
        {
            kind.name = nullptr;
        }
        SUBCASE("a bad name")
        {
            kind.name = "Bad Name";
        }
        SUBCASE("no process")
        {
            kind.process = nullptr;
        }
        SUBCASE("no destroy")
        {
            kind.destroy = nullptr;
        }
        SUBCASE("parameters that nobody describes")
        {
            kind.parameter_count = 1;
        }
        const std::array<const ob_processor_class*, 1> classes{&kind};
        CHECK(!ProcessorCatalog::make(classes));
    }

    TEST_CASE("no table, a NULL one, or two of one name are refused")
    {
        const ob_processor_class kind = bare_class();
        CHECK(!ProcessorCatalog::make({}));
        CHECK(!ProcessorCatalog::make(std::array<const ob_processor_class*, 1>{nullptr}));
        CHECK(!ProcessorCatalog::make(std::array{&kind, &kind}));
    }
}
