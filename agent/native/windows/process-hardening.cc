// What this process asks of Windows about itself: no dumps of its memory, no reading of it by the user's other programs, no
// libraries from places where others could have put them.
#include <windows.h>

#include <string>
#include <vector>

#include "../concerns.h"
#include "own-threads.h"
#include "system-library.h"
#include "user-identity.h"
#include "windows-error.h"

namespace kortbro {
namespace {

/**
 * What a program needs of another: to wait for it, to see who it is, to end it (Node's process.kill wants both queries). Nothing
 * that reads or writes its memory, takes its handles or starts a thread in it.
 */
constexpr char kProcessMay[] = "0x101401";  // SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, _QUERY_INFORMATION, _TERMINATE
constexpr char kThreadMay[] = "0x100800";   // SYNCHRONIZE | THREAD_QUERY_LIMITED_INFORMATION
constexpr char kEverything[] = "0x1fffff";  // PROCESS_ALL_ACCESS, THREAD_ALL_ACCESS
constexpr DWORD kReportWithoutHeap = 1;     // WER_FAULT_REPORTING_FLAG_NOHEAP

/**
 * OWNER RIGHTS (S-1-3-4) keeps the user's other programs from changing the list back; an administrator's tools have the privilege
 * to debug, and ask no list.
 */
SecurityFromText ListFor(const std::string& rights) {
  const std::string user = UserOfProcess(GetCurrentProcess());
  return SecurityFromText("D:P(A;;" + rights + ";;;" + user + ")(A;;RC;;;S-1-3-4)(A;;" + kEverything + ";;;SY)");
}

/** The process's own access list, and with false those of its threads. With true threads that are there stay closed. */
void SetDumpable(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsBoolean()) throw Napi::TypeError::New(env, "a boolean is expected");
  const bool dumpable = info[0].As<Napi::Boolean>();
  const SecurityFromText list = ListFor(dumpable ? kEverything : kProcessMay);
  static const auto* threads = new SecurityFromText(ListFor(kThreadMay));
  if (list.descriptor() == nullptr || threads->descriptor() == nullptr) {
    ThrowWindowsError(env, "ConvertStringSecurityDescriptorToSecurityDescriptor", GetLastError());
  }
  if (!SetKernelObjectSecurity(GetCurrentProcess(), DACL_SECURITY_INFORMATION, list.descriptor())) {
    ThrowWindowsError(env, "SetKernelObjectSecurity", GetLastError());
  }
  if (dumpable) return LeaveThreads();
  const DWORD error = GuardThreads(threads->descriptor());
  if (error != ERROR_SUCCESS) ThrowWindowsError(env, "GuardThreads", error);
}

/** A crash ends the process without a dialog and without a report; where one is made all the same, it holds no heap. */
void DisableCoreDumps(const Napi::CallbackInfo&) {
  SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
  HRESULT(WINAPI * set_flags)(DWORD) = nullptr;
  if (FindIn(GetModuleHandleW(L"kernel32.dll"), "WerSetFlags", &set_flags)) set_flags(kReportWithoutHeap);
}

template <typename Policy>
bool SetPolicy(PROCESS_MITIGATION_POLICY kind, Policy policy) {
  return SetProcessMitigationPolicy(kind, &policy, sizeof policy) != 0;
}

/**
 * Libraries come neither from the current directory, nor from the network, nor from where low-integrity programs write, and
 * System32's own come first. PATH stays, and so do extension points: drivers of vendors and Citrix's redirection of PC/SC are
 * loaded through them (CTX107824). Answers what the system would not do.
 */
Napi::Value RestrictLibraries(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::vector<const char*> refused;
  if (!SetDllDirectoryW(L"")) refused.push_back("current-directory");
  PROCESS_MITIGATION_IMAGE_LOAD_POLICY images = {};
  images.NoRemoteImages = 1;
  images.NoLowMandatoryLabelImages = 1;
  images.PreferSystem32Images = 1;
  if (!SetPolicy(ProcessImageLoadPolicy, images)) refused.push_back("image-load");
  Napi::Array names = Napi::Array::New(env, refused.size());
  for (uint32_t i = 0; i < refused.size(); ++i) names.Set(i, Napi::String::New(env, refused[i]));
  return names;
}

}  // namespace

void ExportProcessHardening(Napi::Env env, Napi::Object exports) {
  exports.Set("setDumpable", Napi::Function::New(env, SetDumpable));
  exports.Set("disableCoreDumps", Napi::Function::New(env, DisableCoreDumps));
  exports.Set("restrictLibraries", Napi::Function::New(env, RestrictLibraries));
}

}  // namespace kortbro
