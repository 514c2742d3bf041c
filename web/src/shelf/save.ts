/** Saves a file by the browser's own download. */

/** Let the browser save `content` under a name. */
export function save(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // Safari reads the address after the press.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
