// Keeps the memory of logins and logouts, and this browser profile's name, in chrome.storage.local: on disk, readable by
// the extension's own pages only. Nothing in it names a person.
import * as z from 'zod';
import { emptyMemory, memorySchema, type Memory } from './memory.ts';

const memoryKey = 'logout';
const profileKey = 'profile';
const profileSchema = z.uuid();

/** What was kept; what cannot be read counts as nothing. */
export async function loadMemory(): Promise<Memory> {
  const parsed = memorySchema.safeParse(await load(memoryKey));
  return parsed.success ? parsed.data : emptyMemory;
}

/** Resolves when it is handed to the disk. @throws when it could not be kept */
export async function saveMemory(memory: Memory): Promise<void> {
  await chrome.storage.local.set({ [memoryKey]: memory });
}

/** The id of this browser profile, made at the first start. */
export async function profileId(): Promise<string> {
  const parsed = profileSchema.safeParse(await load(profileKey));
  if (parsed.success) return parsed.data;
  const made = crypto.randomUUID();
  await chrome.storage.local.set({ [profileKey]: made }).catch(() => undefined);
  return made;
}

async function load(key: string): Promise<unknown> {
  return (await chrome.storage.local.get(key).catch(() => ({ [key]: undefined })))[key];
}
