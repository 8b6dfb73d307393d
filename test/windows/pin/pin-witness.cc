// Looks at the PIN dialog as another program on the same desktop does: a screen reader, a password manager, a thief; and presses
// keys. A command a line on stdin, an answer in JSON a line on stdout. Windows only; runs beside kortbro-pin.exe under Wine.
#include <windows.h>

#include <oleacc.h>

#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

std::string Json(const std::wstring& text) {
  std::string json = "\"";
  for (const wchar_t unit : text) {
    char escaped[8];
    snprintf(escaped, sizeof escaped, "\\u%04x", unit);
    json += escaped;
  }
  return json + "\"";
}

std::wstring TextOf(HWND window) {
  wchar_t text[2000] = L"";
  SendMessageW(window, WM_GETTEXT, 2000, reinterpret_cast<LPARAM>(text));
  return text;
}

/** The dialog that is on the screen now; null when there is none. */
HWND FindDialog() {
  HWND found = nullptr;
  EnumWindows(
      [](HWND window, LPARAM kept) -> BOOL {
        wchar_t name[64] = L"";
        wchar_t path[MAX_PATH] = L"";
        DWORD process = 0;
        GetClassNameW(window, name, 64);
        GetWindowThreadProcessId(window, &process);
        if (wcscmp(name, L"#32770") != 0 || !IsWindowVisible(window)) return TRUE;
        const HANDLE handle = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, process);
        DWORD length = MAX_PATH;
        QueryFullProcessImageNameW(handle, 0, path, &length);
        CloseHandle(handle);
        if (wcsstr(path, L"kortbro-pin.exe") == nullptr) return TRUE;
        *reinterpret_cast<HWND*>(kept) = window;
        return FALSE;
      },
      reinterpret_cast<LPARAM>(&found));
  return found;
}

HWND WaitForDialog() {
  const ULONGLONG end = GetTickCount64() + 15'000;
  for (;;) {
    const HWND dialog = FindDialog();
    if (dialog != nullptr || GetTickCount64() > end) return dialog;
    Sleep(5);
  }
}

HWND Field() { return FindWindowExW(FindDialog(), nullptr, L"Edit", nullptr); }

std::string Accessible(HWND window) {
  IAccessible* object = nullptr;
  const HRESULT got = AccessibleObjectFromWindow(window, static_cast<DWORD>(OBJID_CLIENT), __uuidof(IAccessible),
                                                 reinterpret_cast<void**>(&object));
  if (FAILED(got)) return "\"role\":" + std::to_string(got);
  VARIANT self{}, role{}, state{};
  self.vt = VT_I4;
  BSTR name = nullptr;
  BSTR value = nullptr;
  object->get_accName(self, &name);
  object->get_accValue(self, &value);
  object->get_accRole(self, &role);
  object->get_accState(self, &state);
  const auto text = [](BSTR string) { return Json(string != nullptr ? string : L""); };
  std::string json = "\"name\":" + text(name) + ",\"value\":" + text(value) +
                     ",\"role\":" + std::to_string(role.lVal) + ",\"state\":" + std::to_string(state.lVal);
  SysFreeString(name);
  SysFreeString(value);
  object->Release();
  return json;
}

std::string Describe(HWND window) {
  wchar_t name[64] = L"";
  GetClassNameW(window, name, 64);
  RECT box{};
  GetWindowRect(window, &box);
  GUITHREADINFO thread{};
  thread.cbSize = sizeof thread;
  GetGUIThreadInfo(GetWindowThreadProcessId(window, nullptr), &thread);
  const LONG_PTR style = GetWindowLongPtrW(window, GWL_STYLE);
  std::ostringstream json;
  json << "{\"class\":" << Json(name) << ",\"text\":" << Json(TextOf(window))
       << ",\"style\":" << static_cast<DWORD>(style) << ",\"box\":[" << box.left << "," << box.top << "," << box.right << "," << box.bottom
       << "],\"focused\":" << (thread.hwndFocus == window ? "true" : "false") << "," << Accessible(window) << "}";
  return json.str();
}

std::string Dialog(HWND dialog) {
  if (dialog == nullptr) return "null";
  DWORD affinity = 0;
  GetWindowDisplayAffinity(dialog, &affinity);
  const bool topmost = (GetWindowLongPtrW(dialog, GWL_EXSTYLE) & WS_EX_TOPMOST) != 0;
  std::ostringstream json;
  const bool foreground = GetForegroundWindow() == dialog;
  json << "{\"window\":" << Describe(dialog) << ",\"foreground\":" << (foreground ? "true" : "false")
       << ",\"topmost\":" << (topmost ? "true" : "false") << ",\"affinity\":" << affinity
       << ",\"dpi\":" << GetDpiForWindow(dialog) << ",\"children\":[";
  const char* comma = "";
  for (HWND child = GetWindow(dialog, GW_CHILD); child != nullptr; child = GetWindow(child, GW_HWNDNEXT)) {
    json << comma << Describe(child);
    comma = ",";
  }
  json << "]}";
  return json.str();
}

void Key(WORD key, bool down) {
  INPUT input{};
  input.type = INPUT_KEYBOARD;
  input.ki.wVk = key;
  input.ki.dwFlags = down ? 0 : KEYEVENTF_KEYUP;
  SendInput(1, &input, sizeof input);
}

void PutOnClipboard(const std::wstring& text) {
  OpenClipboard(nullptr);
  EmptyClipboard();
  const HGLOBAL memory = GlobalAlloc(GMEM_MOVEABLE, (text.size() + 1) * sizeof(wchar_t));
  wcscpy(static_cast<wchar_t*>(GlobalLock(memory)), text.c_str());
  GlobalUnlock(memory);
  SetClipboardData(CF_UNICODETEXT, memory);
  CloseClipboard();
}

/** Another program's window. */
HWND other = nullptr;

/** Events of live regions, as a screen reader hears them: the text at that moment. */
std::string heard;

void CALLBACK Hear(HWINEVENTHOOK, DWORD, HWND window, LONG, LONG, DWORD, DWORD) {
  // Asking for the text may let the next event in.
  const std::string text = Json(TextOf(window));
  heard += (heard.empty() ? "" : ",") + text;
}

void HandleMessages() {
  MSG message;
  while (PeekMessageW(&message, nullptr, 0, 0, PM_REMOVE)) DispatchMessageW(&message);
}

std::string Answer(const std::string& line) {
  std::istringstream words(line);
  std::string command;
  words >> command;
  if (command == "wait") return Dialog(WaitForDialog());
  if (command == "dialog") return Dialog(FindDialog());
  // Keys by their virtual codes, the last one while the others are held: "press 17 86".
  if (command == "press") {
    std::vector<WORD> keys;
    for (WORD key; words >> key;) keys.push_back(key);
    for (const WORD key : keys) Key(key, true);
    for (auto key = keys.rbegin(); key != keys.rend(); ++key) Key(*key, false);
    return "true";
  }
  if (command == "type") {
    std::string text;
    words >> text;
    for (const char key : text) {
      Key(static_cast<WORD>(key), true);
      Key(static_cast<WORD>(key), false);
    }
    return "true";
  }
  if (command == "early") {
    // Presses a key in the dialog's first moment; how many milliseconds after it was seen without the keyboard.
    WORD key = 0;
    words >> key;
    const HWND dialog = WaitForDialog();
    const ULONGLONG seen = GetTickCount64();
    while (GetForegroundWindow() != dialog && GetTickCount64() < seen + 400) Sleep(1);
    Key(key, true);
    Key(key, false);
    return std::to_string(GetTickCount64() - seen);
  }
  if (command == "field") {
    UINT message = 0;
    WPARAM first = 0;
    std::string text;
    words >> message >> first >> text;
    const std::wstring wide(text.begin(), text.end());
    const LPARAM second = text.empty() ? 0 : reinterpret_cast<LPARAM>(wide.c_str());
    return std::to_string(SendMessageW(Field(), message, first, second));
  }
  if (command == "clipboard") {
    std::string text;
    words >> text;
    PutOnClipboard(std::wstring(text.begin(), text.end()));
    return "true";
  }
  if (command == "window") {
    // Another program's window comes to the front.
    const DWORD style = WS_OVERLAPPEDWINDOW | WS_VISIBLE;
    other = CreateWindowExW(0, L"STATIC", L"Journal", style, 40, 40, 500, 400, nullptr, nullptr, nullptr, nullptr);
    SetForegroundWindow(other);
    HandleMessages();
    return GetForegroundWindow() == other ? "true" : "false";
  }
  if (command == "no-window") return DestroyWindow(other) ? "true" : "false";
  if (command == "listen") {
    SetWinEventHook(0x8019, 0x8019, nullptr, Hear, 0, 0, WINEVENT_OUTOFCONTEXT);
    return "true";
  }
  if (command == "heard") {
    HandleMessages();
    std::string json = "[" + heard + "]";
    heard.clear();
    return json;
  }
  return "false";
}

}  // namespace

int main() {
  // Places in pixels, whatever the scale.
  SetProcessDpiAwarenessContext(DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2);
  CoInitialize(nullptr);
  std::string line;
  while (std::getline(std::cin, line)) std::cout << Answer(line) << std::endl;
  return 0;
}
