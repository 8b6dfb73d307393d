// Texts as they may stand on the screen, pure: valid UTF-16 without what cannot be seen or turns the reading order.
#pragma once

#include <string>
#include <string_view>

namespace kortbro {

/** From UTF-8. Broken bytes become U+FFFD; of the controls only the line feed stays; marks for bidirectional text go. */
std::u16string ShownText(std::string_view utf8);

/** The same on one line: for titles, prompts and buttons. */
std::u16string ShownLine(std::string_view utf8);

/** Whether the text may be shown alone as a site: an origin as browsers write it is printable ASCII without space or %. */
bool IsSiteName(std::string_view text);

}  // namespace kortbro
