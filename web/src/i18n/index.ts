/** The page's words, in the language that the person chose, else the browser's. Only that language is loaded. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { en } from "./en/index.ts";

export type Language = "en" | "fr";
/** Every word of the page. A language without one of them is a type error. */
export type Words = typeof en;

const KEPT = "language";

export interface Spoken {
  readonly language: Language;
  readonly words: Words;
  readonly choose: (language: Language) => void;
}

export const SpokenContext = createContext<Spoken | null>(null);

/** Return the language and its words, in a component. */
export function useWords(): Spoken {
  const spoken = useContext(SpokenContext);
  if (spoken === null) throw new Error("useWords: the component is outside <Frame>");
  return spoken;
}

/** Load the words of a language. Throws TypeError without a network. */
export async function loadWords(language: Language): Promise<Words> {
  return language === "fr" ? (await import("./fr/index.ts")).fr : (await import("./en/index.ts")).en;
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
