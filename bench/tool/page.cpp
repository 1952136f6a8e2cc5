// SPDX-License-Identifier: MIT

#include "bench/tool/page.hpp"

#include "bench/tool/failure.hpp"

#include <cstring>

namespace outboard::bench {

namespace {

constexpr const char* place = "{{result}}";

/// JSON that is no HTML: `</script>` or a comment in a string would end the element.
[[nodiscard]] std::string inside_script(const std::string& json)
{
    std::string text;
    for (const char letter : json) {
        if (letter == '<') {
            text += "\\u003c";
        } else {
            text += letter;
        }
    }
    return text;
}

}  // namespace

bool has_plots() noexcept
{
    return page_template[0] != '\0';
}

std::string page_of(const Json& document)
{
    if (!has_plots()) {
        throw Failure{Exit::output,
                      "this program was built without plots (npm was not there, see "
                      "bench/report): no page is written; --json is, and "
                      "`outboard bench report` of another build makes a page of it"};
    }
    std::string page = page_template;
    const std::size_t at = page.find(place);
    page.replace(at, std::strlen(place),
                 inside_script(document.dump(-1, ' ', false, Json::error_handler_t::replace)));
    return page;
}

}  // namespace outboard::bench
