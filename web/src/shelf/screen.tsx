import { useWords } from "../i18n/index.ts";

export function ShelfScreen() {
  const { words } = useWords();
  return <h1>{words.shelf.title}</h1>;
}
