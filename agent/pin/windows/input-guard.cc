// Enter and Space answer; everything else is for the controls.
#include "input-guard.h"

#include <algorithm>

namespace kortbro {
namespace {

constexpr ULONGLONG kFirstMoment = 500;
constexpr LPARAM kRepeated = 1 << 30;

bool IsDown(int key) { return GetAsyncKeyState(key) < 0; }

}  // namespace

void InputGuard::Shown() { shown_at_ = GetTickCount64(); }

void InputGuard::GotKeyboard() {
  keyboard_at_ = GetTickCount64();
  enter_held_ = IsDown(VK_RETURN);
  space_held_ = IsDown(VK_SPACE);
}

void InputGuard::Tick() {
  enter_held_ = enter_held_ && IsDown(VK_RETURN);
  space_held_ = space_held_ && IsDown(VK_SPACE);
}

bool InputGuard::Stops(const MSG& message) {
  if (message.message == WM_KEYDOWN || message.message == WM_SYSKEYDOWN) last_key_ = message.wParam;
  if (message.message == WM_LBUTTONDOWN || message.message == WM_LBUTTONUP) last_key_ = 0;
  if (message.message == WM_KEYUP && message.wParam == VK_RETURN) enter_held_ = false;
  if (message.message == WM_KEYUP && message.wParam == VK_SPACE) space_held_ = false;
  if (message.message != WM_KEYDOWN) return false;
  const bool repeated = (message.lParam & kRepeated) != 0;
  if (message.wParam == VK_RETURN) return repeated || enter_held_;
  return message.wParam == VK_SPACE && (repeated || space_held_);
}

bool InputGuard::IsTooSoon() const {
  const bool is_key = last_key_ != 0;
  if (is_key && last_key_ != VK_RETURN && last_key_ != VK_SPACE) return false;
  const ULONGLONG since = is_key ? std::max(shown_at_, keyboard_at_) : shown_at_;
  return GetTickCount64() - since < kFirstMoment;
}

}  // namespace kortbro
