// SPDX-License-Identifier: MIT

#include "bench/tool/page.hpp"
#include "bench/tool/failure.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace outboard::bench;

TEST_SUITE("bench/tool_page")
{
    TEST_CASE("a document's text cannot end the element that holds it")
    {
        const Json document{{"command", "</script><img src=x>"}};
        if (!has_plots()) {
            CHECK_THROWS_AS(static_cast<void>(page_of(document)), Failure);
            return;
        }
        const std::string page = page_of(document);
        CHECK(page.find("</script><img") == std::string::npos);
        CHECK(page.find(R"(\u003c/script>\u003cimg src=x>)") != std::string::npos);
    }

    TEST_CASE("everything is in the page, and nothing is left to fill in")
    {
        if (!has_plots())
            return;
        const std::string page = page_of(Json{{"x", 1}});
        CHECK(page.find("{{") == std::string::npos);
        CHECK(page.find("uPlot=") != std::string::npos);
        CHECK(page.find("Permission is hereby granted") != std::string::npos);
    }
}
