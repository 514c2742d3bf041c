import type { Words } from "../index.ts";

export const shelf: Words["shelf"] = {
  title: "shelf",
};
