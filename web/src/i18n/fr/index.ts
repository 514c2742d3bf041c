import type { Words } from "../index.ts";
import { capture } from "./capture.ts";
import { frame } from "./frame.ts";
import { report } from "./report.ts";
import { shelf } from "./shelf.ts";

export const fr: Words = { frame, capture, report, shelf };
