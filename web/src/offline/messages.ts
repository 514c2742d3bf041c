/**
 * What the page and its service worker say to each other. Types only: a module with a value would become a file of
 * its own that both load, and a service worker is one file.
 */
export type WorkerMessage =
  /** Take the place of the version before. */
  "activate";

/** A header of an answer that the worker kept from an earlier visit, because the network gave none. */
export type KeptHeader = "x-kept";
