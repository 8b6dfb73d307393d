/* What a test needs of another program of the same user. `open PID RIGHTS` prints 0 or the error of OpenProcess; `protect PATH SDDL`
 * sets the owner's access list of a file. */
#include <windows.h>
#include <aclapi.h>
#include <sddl.h>
#include <stdio.h>

int wmain(int count, wchar_t **words) {
  if (count == 4 && wcscmp(words[1], L"open") == 0) {
    HANDLE process = OpenProcess(wcstoul(words[3], NULL, 16), FALSE, wcstoul(words[2], NULL, 10));
    printf("%lu\n", process == NULL ? GetLastError() : 0);
    return 0;
  }
  if (count == 4 && wcscmp(words[1], L"protect") == 0) {
    PSECURITY_DESCRIPTOR descriptor;
    BOOL present, defaulted;
    PACL list;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(words[3], SDDL_REVISION_1, &descriptor, NULL)) return 2;
    if (!GetSecurityDescriptorDacl(descriptor, &present, &list, &defaulted)) return 2;
    const DWORD what = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
    return (int)SetNamedSecurityInfoW(words[2], SE_FILE_OBJECT, what, NULL, NULL, list, NULL);
  }
  return 2;
}
