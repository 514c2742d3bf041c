/** The page's words in the language that the person chose, else the browser's. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import { en } from "./en/index.ts";
import { fr } from "./fr/index.ts";

export type Language = "en" | "fr";
/** Every word of the page. A language without one of them is a type error. */
export type Words = typeof en;

export const LANGUAGES: Readonly<Record<Language, Words>> = { en, fr };
const KEPT = "language";

export interface Spoken {
  readonly language: Language;
  readonly words: Words;
  readonly choose: (language: Language) => void;
}

export const SpokenContext = createContext<Spoken>({ language: "en", words: en, choose: () => {} });

/** Return the language and its words, in a component. */
export function useWords(): Spoken {
  return useContext(SpokenContext);
}

/** Return the language to begin with. */
export function firstLanguage(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "fr") return kept;
  return navigator.languages.find((tag) => /^(en|fr)\b/i.test(tag))?.toLowerCase().startsWith("fr") ? "fr" : "en";
}

/** Keep the chosen language for the next visit. */
export function keepLanguage(language: Language): void {
  localStorage.setItem(KEPT, language);
}
