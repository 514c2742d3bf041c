/** Return the browser's own form of a language, by which times are written: 14:53 in Britain, 2:53 PM in the United States. */
export function localeOf(language: string, preferred: readonly string[] = navigator.languages): string {
  return preferred.find((tag) => tag.toLowerCase().split("-")[0] === language) ?? language;
}
