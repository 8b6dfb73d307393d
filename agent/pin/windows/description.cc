// Finds site and notice in the text, line by line.
#include "description.h"

#include <algorithm>

namespace kortbro {
namespace {

/** Whether `part` begins and ends where lines do. */
bool IsWholeLines(const std::u16string& text, size_t start, size_t length) {
  const size_t end = start + length;
  return (start == 0 || text[start - 1] == u'\n') && (end == text.size() || text[end] == u'\n');
}

std::u16string WithoutOuterLineFeeds(const std::u16string& text) {
  const size_t first = text.find_first_not_of(u'\n');
  if (first == std::u16string::npos) return u"";
  return text.substr(first, text.find_last_not_of(u'\n') - first + 1);
}

/** Takes the site out of the first line that names it in one of the two ways; whether there was one. */
bool RemoveSite(std::u16string& text, const std::u16string& site) {
  for (size_t start = 0; start <= text.size();) {
    size_t end = text.find(u'\n', start);
    if (end == std::u16string::npos) end = text.size();
    const std::u16string line = text.substr(start, end - start);
    if (line.rfind(site + u" ", 0) == 0) {
      text.erase(start, site.size() + 1);
      return true;
    }
    const std::u16string value = u": " + site;
    if (line.size() > value.size() && line.compare(line.size() - value.size(), value.size(), value) == 0) {
      text.erase(start, end - start + (end < text.size() ? 1 : 0));
      return true;
    }
    start = end + 1;
  }
  return false;
}

}  // namespace

Description TakeApart(std::u16string text, const std::u16string& site, const std::u16string& notice) {
  Description parts;
  if (!site.empty() && RemoveSite(text, site)) parts.site = site;
  size_t at = notice.empty() ? std::u16string::npos : text.find(notice);
  while (at != std::u16string::npos && !IsWholeLines(text, at, notice.size())) at = text.find(notice, at + 1);
  size_t after = at + notice.size();
  if (at == std::u16string::npos) {
    text = WithoutOuterLineFeeds(text);
    at = after = std::min(text.find(u"\n\n"), text.size());
  } else {
    parts.notice = notice;
  }
  parts.lead = WithoutOuterLineFeeds(text.substr(0, at));
  parts.rest = WithoutOuterLineFeeds(text.substr(after));
  return parts;
}

}  // namespace kortbro
