/** What the page says when a sign-in fails. */
import { isAuthError, isAuthRetryableFetchError } from "@supabase/auth-js";

import type { Words } from "../i18n/index.ts";

/** Return the words for an error of `Account.signIn`. */
export function signInMessage(error: unknown, words: Words["frame"]): string {
  if (isAuthRetryableFetchError(error)) return words.signInUnreachable;
  if (!isAuthError(error)) return words.signInFailed(String(error));
  if (error.code === "invalid_credentials") return words.signInWrong;
  if (error.code === "email_not_confirmed") return words.signInUnconfirmed;
  if (error.status === 429) return words.signInTooMany;
  return words.signInFailed(error.message);
}
