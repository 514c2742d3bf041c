/** What the page says when a sign-in fails. */
import type { Words } from "../i18n/index.ts";
import { AuthProblem } from "./supabase.ts";

/** Return the words for an error of `Account.signIn`. */
export function signInMessage(error: unknown, words: Words["frame"]): string {
  if (!(error instanceof AuthProblem)) return words.signInUnreachable;
  if (error.code === "invalid_credentials") return words.signInWrong;
  if (error.code === "email_not_confirmed") return words.signInUnconfirmed;
  if (error.status === 429) return words.signInTooMany;
  return error.isFinal ? words.signInFailed(error.message) : words.signInUnreachable;
}
