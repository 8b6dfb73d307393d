// One dialog on the screen, from its first pixel to its answer.
#pragma once

#include <windows.h>

#include <optional>

#include "dialog-controls.h"
#include "dialog-request.h"
#include "input-guard.h"
#include "input-lines.h"
#include "look.h"

namespace kortbro {

/** Dialogs of Windows; watches the client's end while one is open. */
class WindowsDialogs final : public Dialogs {
 public:
  explicit WindowsDialogs(InputLines& lines) : lines_(lines) {}
  Answer Show(const DialogRequest& request, PinEntry& pin) override;

 private:
  InputLines& lines_;
};

class Dialog {
 public:
  Dialog(const DialogRequest& request, PinEntry& pin) : request_(request), pin_(pin) {}

  /** Shows itself, waits, goes. `lines` tells when nobody waits for the answer any more. */
  Answer Run(InputLines& lines);

 private:
  static INT_PTR CALLBACK Procedure(HWND window, UINT message, WPARAM first, LPARAM second);
  INT_PTR Handle(UINT message, WPARAM first, LPARAM second);
  void Begin();
  void Refresh();
  void Press(int button);
  void TakeKey(KeyEffect effect);
  void SayQuietly(const wchar_t* text);
  void Say(const wchar_t* text);
  void Activated(bool active);
  void Tick();
  void Finish(Answer answer);

  const DialogRequest& request_;
  PinEntry& pin_;
  HWND window_ = nullptr;
  /** What it is placed over. */
  HWND behind_ = nullptr;
  /** The control that has the keyboard when the window has. */
  HWND focus_ = nullptr;
  DialogControls controls_;
  Look look_;
  InputGuard guard_;
  std::optional<Answer> answer_;
  ULONGLONG shown_at_ = 0;
  bool hint_shown_ = false;
};

}  // namespace kortbro
