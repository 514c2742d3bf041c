import type { Words } from "../index.ts";

export const report: Words["report"] = {
  title: "report",
};
