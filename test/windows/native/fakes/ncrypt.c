// A stand-in for ncrypt.dll, for tests only: one smart card in one reader, behind Windows' smart-card provider and a vendor's. Signatures
// are real, by the system's bcrypt.dll. What the card is like is read from card\card.txt beside the program before each call; what was
// called is added to calls.txt, PINs never. A call that is not silent is written down as "LOUD".
#include <windows.h>

#include <ncrypt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_KEYS 4
#define VENDOR L"Testsson Smart Card Key Storage Provider"

struct key {
  char name[64], algorithm[16], file[64];
  DWORD spec, pin;
};

/** card.txt: one "name value" a line, the value to the end of it. */
struct card {
  char reader[128], guid[64], pin[32], check[16], enumerates[16], asks[16];
  int present, tries, certificates, keys;
  struct key key[MOST_KEYS];
};

struct object {
  DWORD kind; /* 1: provider, 2: key */
  BOOL vendor, reader_set, logged_in, refused;
  struct key key;
};

static struct card card;
/** Windows' provider remembers who has logged in for the process; the card forgets when it is pulled or reset. */
static BOOL logged_in;
static const void *last_pin;
static SIZE_T last_pin_length;

static void path_of(char *path, size_t size, const char *name) {
  char folder[512];
  DWORD length = GetModuleFileNameA(NULL, folder, sizeof folder - 1);
  while (length > 0 && folder[length - 1] != '\\') --length;
  folder[length] = 0;
  snprintf(path, size, "%scard\\%s", folder, name);
}

static void note(const char *format, ...) {
  char path[600];
  path_of(path, sizeof path, "calls.txt");
  FILE *file = fopen(path, "ab");
  if (file == NULL) return;
  va_list values;
  va_start(values, format);
  vfprintf(file, format, values);
  va_end(values);
  fputc('\n', file);
  fclose(file);
}

/** Whether the memory in which the last PIN came holds nothing any more. */
static void note_pin_memory(void) {
  if (last_pin == NULL) return;
  MEMORY_BASIC_INFORMATION region;
  BOOL there = VirtualQuery(last_pin, &region, sizeof region) != 0 && region.State == MEM_COMMIT &&
               region.Protect == PAGE_READWRITE;
  BOOL zero = TRUE;
  for (SIZE_T i = 0; there && i < last_pin_length; ++i) zero = zero && ((const BYTE *)last_pin)[i] == 0;
  note("pin-memory %s", !there ? "gone" : zero ? "zero" : "KEPT");
  last_pin = NULL;
}

static void text_of(char *value, size_t size, const char *from) {
  strncpy(value, from, size - 1);
  value[size - 1] = 0;
}

static void take(const char *name, const char *value) {
  struct key *key = card.keys < MOST_KEYS ? &card.key[card.keys] : NULL;
  if (strcmp(name, "reader") == 0) text_of(card.reader, sizeof card.reader, value);
  if (strcmp(name, "guid") == 0) text_of(card.guid, sizeof card.guid, value);
  if (strcmp(name, "pin") == 0) text_of(card.pin, sizeof card.pin, value);
  if (strcmp(name, "check") == 0) text_of(card.check, sizeof card.check, value);
  if (strcmp(name, "enumerates") == 0) text_of(card.enumerates, sizeof card.enumerates, value);
  if (strcmp(name, "asks") == 0) text_of(card.asks, sizeof card.asks, value);
  if (strcmp(name, "present") == 0) card.present = atoi(value);
  if (strcmp(name, "tries") == 0) card.tries = atoi(value);
  if (strcmp(name, "certificates") == 0) card.certificates = atoi(value);
  if (strcmp(name, "key") == 0 && key != NULL &&
      sscanf(value, "%63s %lu %15s %63s %lu", key->name, &key->spec, key->algorithm, key->file, &key->pin) == 5) {
    card.keys += 1;
  }
}

static void look(void) {
  note_pin_memory();
  char path[600], line[400], name[32], value[300];
  path_of(path, sizeof path, "card.txt");
  memset(&card, 0, sizeof card);
  FILE *file = fopen(path, "rb");
  if (file == NULL) return;
  while (fgets(line, sizeof line, file) != NULL) {
    if (sscanf(line, "%31s %299[^\r\n]", name, value) == 2) take(name, value);
  }
  fclose(file);
  if (!card.present) logged_in = FALSE;
}

/** Only the line with the tries left is written back. */
static void save_tries(void) {
  char path[600], rest[8192], line[400];
  path_of(path, sizeof path, "card.txt");
  FILE *file = fopen(path, "rb");
  size_t length = 0;
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, "tries ", 6) == 0) continue;
    length += (size_t)snprintf(rest + length, sizeof rest - length, "%s", line);
  }
  if (file != NULL) fclose(file);
  file = fopen(path, "wb");
  if (file == NULL) return;
  fwrite(rest, 1, length, file);
  fprintf(file, "tries %d\n", card.tries);
  fclose(file);
}

static BYTE *read_file(const char *name, const char *ending, DWORD *length) {
  char path[600], whole[128];
  snprintf(whole, sizeof whole, "%s.%s", name, ending);
  path_of(path, sizeof path, whole);
  FILE *file = fopen(path, "rb");
  if (file == NULL) return NULL;
  static BYTE bytes[16384];
  *length = (DWORD)fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  return bytes;
}

static void narrow(char *to, size_t size, const wchar_t *from) {
  if (from == NULL || WideCharToMultiByte(CP_UTF8, 0, from, -1, to, (int)size, NULL, NULL) == 0) to[0] = 0;
}

static const char *loud(DWORD flags) { return (flags & NCRYPT_SILENT_FLAG) != 0 ? "" : " LOUD"; }

static struct object *make(DWORD kind, BOOL vendor) {
  struct object *object = calloc(1, sizeof *object);
  object->kind = kind;
  object->vendor = vendor;
  return object;
}

SECURITY_STATUS WINAPI NCryptOpenStorageProvider(NCRYPT_PROV_HANDLE *provider, LPCWSTR name, DWORD flags) {
  (void)flags;
  look();
  BOOL vendor = wcscmp(name, VENDOR) == 0;
  if (!vendor && wcscmp(name, MS_SMART_CARD_KEY_STORAGE_PROVIDER) != 0) return NTE_PROV_DLL_NOT_FOUND;
  *provider = (NCRYPT_PROV_HANDLE)make(1, vendor);
  return ERROR_SUCCESS;
}

static BOOL is_scope(const wchar_t *scope) {
  char told[300], wanted[300];
  narrow(told, sizeof told, scope);
  snprintf(wanted, sizeof wanted, "\\\\.\\%s\\", card.reader);
  return strcmp(told, wanted) == 0;
}

SECURITY_STATUS WINAPI NCryptEnumKeys(NCRYPT_PROV_HANDLE provider, LPCWSTR scope, NCryptKeyName **name, PVOID *state,
                                      DWORD flags) {
  (void)provider;
  look();
  note("NCryptEnumKeys%s", loud(flags));
  if (strcmp(card.enumerates, "unknown") == 0) return (SECURITY_STATUS)SCARD_E_UNKNOWN_CARD;
  if (scope == NULL || !is_scope(scope)) return (SECURITY_STATUS)SCARD_E_UNKNOWN_READER;
  if (!card.present) return (SECURITY_STATUS)SCARD_E_NO_SMARTCARD;
  int *next = *state;
  if (next == NULL) *state = next = calloc(1, sizeof *next);
  if (*next >= card.keys) return NTE_NO_MORE_ITEMS;
  struct key *key = &card.key[(*next)++];
  struct {
    NCryptKeyName head;
    wchar_t name[64], algorithm[16];
  } *listed = calloc(1, sizeof *listed);
  MultiByteToWideChar(CP_UTF8, 0, key->name, -1, listed->name, 64);
  MultiByteToWideChar(CP_UTF8, 0, key->algorithm, -1, listed->algorithm, 16);
  listed->head.pszName = listed->name;
  listed->head.pszAlgid = listed->algorithm;
  listed->head.dwLegacyKeySpec = key->spec;
  *name = &listed->head;
  return ERROR_SUCCESS;
}

SECURITY_STATUS WINAPI NCryptOpenKey(NCRYPT_PROV_HANDLE provider, NCRYPT_KEY_HANDLE *out, LPCWSTR name, DWORD spec,
                                     DWORD flags) {
  look();
  BOOL vendor = ((struct object *)provider)->vendor;
  char told[300], in_reader[400];
  narrow(told, sizeof told, name);
  note("NCryptOpenKey %s%s", told, loud(flags));
  if (!card.present) return (SECURITY_STATUS)SCARD_E_NO_SMARTCARD;
  for (int i = 0; i < card.keys; ++i) {
    struct key *key = &card.key[i];
    snprintf(in_reader, sizeof in_reader, "\\\\.\\%s\\%s", card.reader, key->name);
    if (key->spec != spec || strcmp(told, vendor ? key->name : in_reader) != 0) continue;
    struct object *object = make(2, vendor);
    object->key = *key;
    *out = (NCRYPT_KEY_HANDLE)object;
    return ERROR_SUCCESS;
  }
  return NTE_BAD_KEYSET;
}

static SECURITY_STATUS give(const void *value, DWORD size, PBYTE to, DWORD room, DWORD *length) {
  *length = size;
  if (to == NULL) return ERROR_SUCCESS;
  if (room < size) return NTE_BUFFER_TOO_SMALL;
  memcpy(to, value, size);
  return ERROR_SUCCESS;
}

static SECURITY_STATUS give_text(const char *text, PBYTE to, DWORD room, DWORD *length) {
  wchar_t wide[300];
  int size = MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, 300);
  return give(wide, (DWORD)size * sizeof(wchar_t), to, room, length);
}

static SECURITY_STATUS give_guid(PBYTE to, DWORD room, DWORD *length) {
  BYTE guid[32];
  DWORD size = 0;
  unsigned value;
  for (const char *hex = card.guid; sscanf(hex, "%2x", &value) == 1 && size < sizeof guid; hex += 2) {
    guid[size++] = (BYTE)value;
  }
  return give(guid, size, to, room, length);
}

SECURITY_STATUS WINAPI NCryptGetProperty(NCRYPT_HANDLE handle, LPCWSTR name, PBYTE to, DWORD room, DWORD *length,
                                         DWORD flags) {
  look();
  struct object *object = (struct object *)handle;
  char told[64];
  narrow(told, sizeof told, name);
  note("NCryptGetProperty %s%s", told, loud(flags));
  if (object->kind == 1) {
    DWORD hardware = NCRYPT_IMPL_HARDWARE_FLAG | NCRYPT_IMPL_REMOVABLE_FLAG;
    if (strcmp(told, "Impl Type") == 0) return give(&hardware, sizeof hardware, to, room, length);
    if (strcmp(told, "SmartCardGuid") == 0 && object->reader_set) return give_guid(to, room, length);
    return NTE_NOT_SUPPORTED;
  }
  if (!card.present) return (SECURITY_STATUS)SCARD_W_REMOVED_CARD;
  if (strcmp(told, "Algorithm Group") == 0) {
    return give_text(strncmp(object->key.algorithm, "EC", 2) == 0 ? "ECDSA" : "RSA", to, room, length);
  }
  if (strcmp(told, "SmartCardReader") == 0) return give_text(card.reader, to, room, length);
  if (strcmp(told, "SmartCardGuid") == 0 && strcmp(card.enumerates, "guid-by-reader") != 0) {
    return give_guid(to, room, length);
  }
  if (strcmp(told, "SmartCardPinId") == 0) return give(&object->key.pin, sizeof(DWORD), to, room, length);
  if (strcmp(told, "SmartCardKeyCertificate") == 0 && card.certificates) {
    DWORD size = 0;
    BYTE *der = read_file(object->key.file, "der", &size);
    if (der != NULL) return give(der, size, to, room, length);
  }
  return NTE_NOT_SUPPORTED;
}

static SECURITY_STATUS verify(const wchar_t *pin, BOOL *into) {
  char told[64];
  narrow(told, sizeof told, pin);
  if (card.tries == 0) return (SECURITY_STATUS)SCARD_W_CHV_BLOCKED;
  BOOL right = strcmp(told, card.pin) == 0;
  SecureZeroMemory(told, sizeof told);
  card.tries = right ? 3 : card.tries - 1;
  save_tries();
  note("VERIFY %s", right ? "right" : "wrong");
  *into = right;
  return right ? ERROR_SUCCESS : (SECURITY_STATUS)SCARD_W_WRONG_CHV;
}

SECURITY_STATUS WINAPI NCryptSetProperty(NCRYPT_HANDLE handle, LPCWSTR name, PBYTE value, DWORD length, DWORD flags) {
  look();
  struct object *object = (struct object *)handle;
  char told[64];
  narrow(told, sizeof told, name);
  note("NCryptSetProperty %s %lu%s", told, length, loud(flags));
  if (wcscmp(name, NCRYPT_READER_PROPERTY) == 0) {
    char reader[128];
    narrow(reader, sizeof reader, (const wchar_t *)value);
    object->reader_set = strcmp(reader, card.reader) == 0;
    return object->reader_set ? ERROR_SUCCESS : (SECURITY_STATUS)SCARD_E_UNKNOWN_READER;
  }
  if (wcscmp(name, NCRYPT_PIN_PROPERTY) != 0 || object->kind != 2) return NTE_NOT_SUPPORTED;
  last_pin = value;
  last_pin_length = length;
  const wchar_t *pin = (const wchar_t *)value;
  if (length < 4 || length % 2 != 0 || pin[length / 2 - 1] != 0) return NTE_INVALID_PARAMETER;
  if (!card.present) return (SECURITY_STATUS)SCARD_W_REMOVED_CARD;
  if (strcmp(card.check, "sign") != 0) return verify(pin, &logged_in);
  // Remembered, and checked at the first signature. Here only whether it is the right one.
  char remembered[64];
  narrow(remembered, sizeof remembered, pin);
  object->refused = strcmp(remembered, card.pin) != 0;
  object->logged_in = TRUE;
  SecureZeroMemory(remembered, sizeof remembered);
  return ERROR_SUCCESS;
}

static SECURITY_STATUS check_at_signature(struct object *object) {
  if (strcmp(card.asks, "again") == 0) return NTE_SILENT_CONTEXT;
  if (strcmp(card.check, "sign") != 0) return logged_in ? ERROR_SUCCESS : NTE_SILENT_CONTEXT;
  if (!object->logged_in) return NTE_SILENT_CONTEXT;
  BOOL right = FALSE;
  wchar_t pin[32];
  MultiByteToWideChar(CP_UTF8, 0, object->refused ? "wrong" : card.pin, -1, pin, 32);
  return verify(pin, &right);
}

static SECURITY_STATUS sign_with(const struct key *key, void *padding, PBYTE digest, DWORD digest_length, PBYTE to,
                                 DWORD room, DWORD *length, DWORD flags) {
  DWORD size = 0;
  BYTE *blob = read_file(key->file, "key", &size);
  if (blob == NULL) return NTE_NO_KEY;
  BOOL curve = strncmp(key->algorithm, "EC", 2) == 0;
  BCRYPT_ALG_HANDLE algorithm = NULL;
  BCRYPT_KEY_HANDLE imported = NULL;
  NTSTATUS status = BCryptOpenAlgorithmProvider(
      &algorithm, curve ? BCRYPT_ECDSA_P256_ALGORITHM : BCRYPT_RSA_ALGORITHM, NULL, 0);
  if (status == 0) {
    status = BCryptImportKeyPair(algorithm, NULL, curve ? BCRYPT_ECCPRIVATE_BLOB : BCRYPT_RSAFULLPRIVATE_BLOB,
                                 &imported, blob, size, 0);
  }
  if (status == 0) status = BCryptSignHash(imported, padding, digest, digest_length, to, room, length, flags);
  if (imported != NULL) BCryptDestroyKey(imported);
  if (algorithm != NULL) BCryptCloseAlgorithmProvider(algorithm, 0);
  if (status != 0) note("bcrypt 0x%lx", (unsigned long)status);
  return status == 0 ? ERROR_SUCCESS : NTE_FAIL;
}

SECURITY_STATUS WINAPI NCryptSignHash(NCRYPT_KEY_HANDLE handle, VOID *padding, PBYTE digest, DWORD digest_length,
                                      PBYTE to, DWORD room, DWORD *length, DWORD flags) {
  look();
  struct object *object = (struct object *)handle;
  note("NCryptSignHash %s %lx%s", object->key.name, flags & ~(DWORD)NCRYPT_SILENT_FLAG, loud(flags));
  if (!card.present) return (SECURITY_STATUS)SCARD_W_REMOVED_CARD;
  SECURITY_STATUS status = check_at_signature(object);
  if (status != ERROR_SUCCESS) return status;
  return sign_with(&object->key, padding, digest, digest_length, to, room, length, flags & ~(DWORD)NCRYPT_SILENT_FLAG);
}

SECURITY_STATUS WINAPI NCryptFreeObject(NCRYPT_HANDLE handle) {
  struct object *object = (struct object *)handle;
  if (object->kind == 2) note("NCryptFreeObject %s", object->key.name);
  free(object);
  return ERROR_SUCCESS;
}

SECURITY_STATUS WINAPI NCryptFreeBuffer(PVOID buffer) {
  free(buffer);
  return ERROR_SUCCESS;
}
