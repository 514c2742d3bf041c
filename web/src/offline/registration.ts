/** Registers the service worker, and offers its next version. */
import { useEffect } from "preact/hooks";

import type { Words } from "../i18n/index.ts";
import { toast } from "../ui/toast.tsx";
import type { WorkerMessage } from "./messages.ts";

const FILE = "/service-worker.js";

/** Register the worker once the page is idle; where a new version waits, offer to reload. */
export function useNewVersion(words: Words["frame"]): void {
  useEffect(() => {
    if (!("serviceWorker" in navigator)) return;
    const offer = (waiting: ServiceWorker) =>
      toast(words.newVersion, { stays: true, action: { label: words.reload, onSelect: () => takeOver(waiting) } });
    let isCurrent = true;
    navigator.serviceWorker.register(FILE).then(
      (registration) => {
        if (isCurrent) watch(registration, offer);
      },
      // Without a worker the page works, but not offline.
      (error: unknown) => console.warn(error),
    );
    return () => {
      isCurrent = false;
    };
  }, [words]);
}

function watch(registration: ServiceWorkerRegistration, offer: (waiting: ServiceWorker) => void): void {
  if (registration.waiting) offer(registration.waiting);
  registration.onupdatefound = () => {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => {
      // Without a controller it is the first version, which has nothing to replace.
      if (worker.state === "installed" && navigator.serviceWorker.controller) offer(worker);
    });
  };
}

function takeOver(waiting: ServiceWorker): void {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  waiting.postMessage("activate" satisfies WorkerMessage);
}
