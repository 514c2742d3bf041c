import type { Words } from "../index.ts";

export const capture: Words["capture"] = {
  title: "capture",
};
