// Dialogs that came to nothing, counted by site before the next one can open.
import { KortbroError, type ErrorCode } from '../../shared/errors.ts';
import { type OperationContext } from './context.ts';

/** What the holder answers to a dialog that was not wanted, by leaving it alone too. */
const refusals: readonly ErrorCode[] = ['ERR_USER_CANCELLED', 'ERR_USER_DECLINED', 'ERR_USER_TIMEOUT'];

/** How a site takes away what is being shown: it cancels, or says something out of turn. */
const withdrawals: readonly ErrorCode[] = ['ERR_REQUEST_CANCELLED', 'ERR_REQUEST_INVALID'];

/** Runs what shows the holder something for `site`; belongs inside a turn. */
export async function countingRefusals<T>(
  { dialogs }: Pick<OperationContext, 'dialogs'>,
  site: string,
  show: () => Promise<T>,
): Promise<T> {
  try {
    return await show();
  } catch (error) {
    const code = error instanceof KortbroError ? error.code : undefined;
    if (code !== undefined && refusals.includes(code)) dialogs.cancelled(site);
    if (code !== undefined && withdrawals.includes(code)) dialogs.withdrawn(site);
    throw error;
  }
}
