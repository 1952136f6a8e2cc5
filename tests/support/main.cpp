// SPDX-License-Identifier: MIT
//
// main() of every test executable: doctest's, but a run that selected no test case fails, so that
// a test which was renamed cannot pass by not running.

#include "tests/support/skip.hpp"

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <iostream>

namespace {

unsigned selected_case_count = 0;

/// Only counts; doctest has no other way to tell how many cases a filter has selected.
struct SelectionCounter : doctest::IReporter {
    explicit SelectionCounter(const doctest::ContextOptions& /*options*/) {}

    void test_run_end(const doctest::TestRunStats& stats) override
    {
        selected_case_count = stats.numTestCasesPassingFilters;
    }

    void report_query(const doctest::QueryData& /*data*/) override {}
    void test_run_start() override {}
    void test_case_start(const doctest::TestCaseData& /*data*/) override {}
    void test_case_reenter(const doctest::TestCaseData& /*data*/) override {}
    void test_case_end(const doctest::CurrentTestCaseStats& /*stats*/) override {}
    void test_case_exception(const doctest::TestCaseException& /*exception*/) override {}
    void subcase_start(const doctest::SubcaseSignature& /*signature*/) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData& /*data*/) override {}
    void log_message(const doctest::MessageData& /*data*/) override {}
    void test_case_skipped(const doctest::TestCaseData& /*data*/) override {}
};

}  // namespace

REGISTER_LISTENER("selection_counter", 1, SelectionCounter);

int main(int argc, char** argv)
{
    doctest::Context context{argc, argv};
    const int status = context.run();
    if (context.shouldExit() || status != 0)
        return status;
    if (selected_case_count == 0) {
        std::cerr << "no test case matches the filter\n";
        return 1;
    }
    return outboard::test::something_was_skipped() ? outboard::test::skip_exit_code : 0;
}
