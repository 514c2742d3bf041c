/** What the page says to its service worker. A type only: a module with a value would be a file that both load. */
export type WorkerMessage =
  /** Take the place of the version before. */
  "activate";
