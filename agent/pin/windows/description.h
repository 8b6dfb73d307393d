// What SETDESC says, taken apart for a dialog that shows the site alone and a warning apart. Pure. Nothing that the text does not
// say is shown, and nothing that it says is lost.
#pragma once

#include <string>

namespace kortbro {

/** The parts from the top; each may be empty. The lead is what stands before the notice, or else the first paragraph. */
struct Description {
  std::u16string site;
  std::u16string lead;
  std::u16string notice;
  std::u16string rest;
};

/**
 * `site` becomes a heading of its own only where the text names it, at the start of a line ("SITE asks ...") or as a line's value
 * ("Site: SITE"); `notice` only where it is a line (or lines) of the text. Otherwise they stay in the text.
 */
Description TakeApart(std::u16string text, const std::u16string& site, const std::u16string& notice);

}  // namespace kortbro
