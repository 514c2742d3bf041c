import { useWords } from "./i18n/index.ts";

/** The screen of an address that has none. */
export function NotFound() {
  const { words } = useWords();
  return <p>{words.frame.notFound}</p>;
}
