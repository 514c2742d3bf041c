/** Times in the browser's own form of a language: 14:53 in Britain, 2:53 PM in the United States. */

/** Return the tag of that form: the first of `preferred` that is of the language. */
export function localeOf(language: string, preferred: readonly string[] = navigator.languages): string {
  return preferred.find((tag) => tag.toLowerCase().split("-")[0] === language) ?? language;
}

/** Return the time of day of a moment, in milliseconds since 1970; a line does not end within it. */
export function timeOfDay(at: number, language: string): string {
  const form = new Intl.DateTimeFormat(localeOf(language), { hour: "numeric", minute: "2-digit" });
  return form.format(at).replaceAll(/\s/g, "\u00a0");
}
