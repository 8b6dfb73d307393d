// What a person did and what only happened: keys and clicks that were meant for the window that was there a moment ago, and keys
// that are held down, answer nothing.
#pragma once

#include <windows.h>

namespace kortbro {

class InputGuard {
 public:
  /** The dialog is on the screen from now on. */
  void Shown();

  /** The dialog has the keyboard from now on. */
  void GotKeyboard();

  /** To be called now and then: keys that were held before may have been let go elsewhere. */
  void Tick();

  /** Takes note of a message before it is dispatched. True: it is not to be, it is no key that was pressed in this window. */
  bool Stops(const MSG& message);

  /** Whether an answer that comes now is none. Escape is never too soon; a click counts from the window's first moment, a key
   *  also from the moment in which the window got the keyboard. */
  bool IsTooSoon() const;

 private:
  ULONGLONG shown_at_ = 0;
  ULONGLONG keyboard_at_ = 0;
  /** The key that the last input was; 0 when it was none. */
  WPARAM last_key_ = 0;
  bool enter_held_ = false;
  bool space_held_ = false;
};

}  // namespace kortbro
