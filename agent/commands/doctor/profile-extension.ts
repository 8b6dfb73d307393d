// Whether a browser profile has Kortbro's extension, by what stands in its Preferences or Secure Preferences. Pure.
// The files are Chromium's own and no promised interface: what is not recognised counts as not seen.
import { z } from 'zod';
import { extensionId } from '../../../shared/names.ts';

const setting = z.object({ state: z.number().optional().catch(undefined), disable_reasons: z.unknown().optional() });
const preferences = z.object({
  extensions: z.object({ settings: z.record(z.string(), z.unknown()) }),
});

/** Undefined when the extension is not mentioned, or the text is not understood. */
export function extensionInPreferences(text: string): 'installed' | 'disabled' | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const entry = setting.safeParse(preferences.safeParse(value).data?.extensions.settings[extensionId]).data;
  if (entry === undefined) return undefined;
  const { state, disable_reasons: reasons } = entry;
  const isDisabled =
    state === 0 || (typeof reasons === 'number' && reasons !== 0) || (Array.isArray(reasons) && reasons.length > 0);
  return isDisabled ? 'disabled' : 'installed';
}
